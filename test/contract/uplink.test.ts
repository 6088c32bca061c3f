import { createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerSpec } from "../../src/engine/engine.js";
import { run } from "../fixtures/command.js";
import { type Outside, openOutside, Service } from "../fixtures/outside.js";
import { enterNetwork } from "../fixtures/rootless.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

const CLIENTS = 500;
const REFUSED = /Connection refused/;

type Spec = Omit<ContainerSpec, "image" | "command">;

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);
  let outside: Outside;
  /** On this host's loopback alone, and on all of its addresses. */
  let onLoopback: { readonly ipv4: number; readonly ipv6: number };
  let onAll: number;
  const servers: Server[] = [];

  async function listen(host: string, says: string): Promise<number> {
    const server = createServer((socket) => socket.on("error", () => {}).end(says));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as { port: number }).port;
  }

  beforeAll(async () => {
    outside = await openOutside(CLIENTS);
    onLoopback = { ipv4: await listen("127.0.0.1", "loopback\n"), ipv6: await listen("::1", "loopback6\n") };
    onAll = await listen("::", "host\n");
  });

  afterAll(async () => {
    for (const server of servers) server.close();
    await outside[Symbol.asyncDispose]();
  });

  const said = async (script: string, spec: Spec = {}): Promise<string> => {
    const { stdout, stderr } = await bench.shell(script, spec);
    return stdout + stderr;
  };
  const ask = (host: string, port: number, spec?: Spec): Promise<string> => said(`nc -w 5 ${host} ${port} < /dev/null`, spec);

  /** Datagrams from the network namespace of a container. */
  async function datagrams(container: string, address: string, port: number, ...sizes: readonly number[]): Promise<string[]> {
    const { state } = await bench.engine.containers.inspect(container);
    const script = fileURLToPath(new URL("../fixtures/udp-client.mjs", import.meta.url));
    const words = [...enterNetwork(state.pid), process.execPath, script, address, port, ...sizes].map(String);
    return (await run("nsenter", words)).trim().split("\n");
  }

  describe.each([
    ["on the default network", async (): Promise<Spec> => ({})],
    [
      "on a network",
      async (): Promise<Spec> => {
        const { id } = await bench.engine.networks.create({ ipv6: true });
        return { networks: { [id]: {} } };
      },
    ],
  ])("a container %s", (_, place) => {
    it.each(["ipv4", "ipv6"] as const)("talks to the outside both ways over %s, and may end its side first", async (family) => {
      expect(await said(`echo hello | nc ${outside[family]} ${Service.ECHO}`, await place())).toBe("hello\nend\n");
    });

    it.each(["ipv4", "ipv6"] as const)("exchanges datagrams over %s, small and large", async (family) => {
      const id = await bench.startShell("sleep 60", await place());
      const sizes = [1, 0, 1472, 1473, 9000, 60_000];
      expect(await datagrams(id, outside[family], Service.ECHO_UDP, ...sizes)).toEqual(sizes.map(String));
    });

    it("transfers a lot, up and down", async () => {
      const script = `head -c ${64 << 20} /dev/zero | nc ${outside.ipv4} ${Service.SINK}; nc ${outside.ipv4} ${Service.SOURCE} < /dev/null | wc -c`;
      expect(await said(script, await place())).toBe(`${64 << 20}\n${64 << 20}\n`);
    });

    it("has hundreds of connections at once", async () => {
      const script = `for i in $(seq ${CLIENTS}); do nc -w 20 ${outside.ipv4} ${Service.BARRIER} < /dev/null > /tmp/$i & done; wait; cat /tmp/* | sort | uniq -c`;
      expect((await said(script, await place())).trim()).toBe(`${CLIENTS} go`);
    });

    it("is refused where nobody listens, as without a proxy", async () => {
      for (const address of [outside.ipv4, outside.ipv6]) expect(await ask(address, Service.NOBODY, await place())).toMatch(REFUSED);
      const id = await bench.startShell("sleep 60", await place());
      for (const address of [outside.ipv4, outside.ipv6]) expect(await datagrams(id, address, Service.NOBODY, 1)).toEqual(["ECONNREFUSED"]);
    });

    it("hears of a host that can't be reached", async () => {
      const started = Date.now();
      expect(await ask(outside.unreachable, 80, await place())).toMatch(/No route to host|Host is unreachable/);
      // Without a word from there, TCP would try for two minutes.
      expect(Date.now() - started).toBeLessThan(60_000);
    });

    it("waits no longer than it wants to for a host that is silent", async () => {
      expect(await said(`nc -w 1 ${outside.silent} 80 < /dev/null`, await place())).toContain("timed out");
    });

    it("reaches this host by its other addresses, and nothing of its loopback", async () => {
      const spec = await place();
      expect(await ask(outside.host.ipv4, onAll, spec)).toBe("host\n");
      expect(await ask(outside.host.ipv6, onAll, spec)).toBe("host\n");
      for (const address of ["127.0.0.1", "127.9.9.9", "0.0.0.0", outside.host.ipv4, "host.docker.internal"])
        expect(await ask(address, onLoopback.ipv4, spec)).toMatch(REFUSED);
      for (const address of ["::1", "::ffff:127.0.0.1", outside.host.ipv6]) {
        for (const port of Object.values(onLoopback)) expect(await ask(address, port, spec)).not.toContain("loopback");
      }
    });

    it("finds this host by name, and there what the engine has a way to", async () => {
      expect(await ask("host.docker.internal", onAll, await place())).toMatch(bench.engine.supports.hostPorts ? REFUSED : /^host$/m);
    });

    it("reaches the ports of this host that are exposed to it, and no others", async (context) => {
      if (!bench.engine.supports.hostPorts) context.skip("this engine exposes no ports of the host");
      const spec = { ...(await place()), exposedHostPorts: [onLoopback.ipv4, onLoopback.ipv6, Service.NOBODY] };
      for (const name of ["host.caisson.internal", "host.docker.internal", "host.testcontainers.internal"]) {
        expect(await ask(name, onLoopback.ipv4, spec)).toBe("loopback\n");
        expect(await ask(name, onLoopback.ipv6, spec)).toBe("loopback6\n");
        expect(await ask(name, onAll, spec)).toMatch(REFUSED);
        expect(await ask(name, Service.NOBODY, spec)).toMatch(REFUSED);
      }
    });

    it("finds the host by names of its own", async (context) => {
      if (!bench.engine.supports.hostPorts) context.skip("this engine exposes no ports of the host");
      const spec = { ...(await place()), exposedHostPorts: [onLoopback.ipv4], extraHosts: [{ host: "me.test", address: "host-gateway" }] };
      expect(await ask("me.test", onLoopback.ipv4, spec)).toBe("loopback\n");
      const other = { ...spec, extraHosts: [{ host: "host.docker.internal", address: outside.ipv4 }] };
      expect(await ask("host.docker.internal", Service.WHO, other)).toContain(outside.host.ipv4);
      expect(await ask("host.caisson.internal", onLoopback.ipv4, other)).toBe("loopback\n");
    });
  });

  it("a server of the container's own does not answer in the place of others", async () => {
    const script = `nc -ll -p ${Service.WHO} -e echo mine & sleep 0.2; for a in $(hostname -i) 127.0.0.1 ${outside.ipv4} host.docker.internal; do nc -w 5 $a ${Service.WHO} < /dev/null; done`;
    const [self, loopback, other, host] = (await said(script)).trim().split("\n");
    expect([self, loopback, other]).toEqual(["mine", "mine", expect.stringContaining(outside.host.ipv4)]);
    expect(host).toMatch(REFUSED);
  });

  it("a server on all addresses may have the port of a connection to the outside", async () => {
    const script = `(echo; sleep 2) | nc ${outside.ipv4} ${Service.ECHO} > /dev/null & sleep 0.3; nc -ll -p ${Service.ECHO} -e echo mine & sleep 0.2; nc -w 2 127.0.0.1 ${Service.ECHO} < /dev/null`;
    expect(await said(script)).toBe("mine\n");
  });

  it("a server on all addresses may have the port of datagrams to the outside", async () => {
    const id = await bench.startShell("sleep 60");
    expect(await datagrams(id, outside.ipv4, Service.ECHO_UDP, 3)).toEqual(["3"]);
    const { state } = await bench.engine.containers.inspect(id);
    const script = `require("dgram").createSocket("udp4").bind(${Service.ECHO_UDP}, function () { console.log("bound"); this.close(); })`;
    expect(await run("nsenter", [...enterNetwork(state.pid), process.execPath, "-e", script])).toBe("bound\n");
  });

  it("ports of the host are exposed to one member of a network and not to another", async (context) => {
    if (!bench.engine.supports.hostPorts) context.skip("this engine exposes no ports of the host");
    const { id } = await bench.engine.networks.create({ subnets: [{ subnet: "10.9.6.0/29" }] });
    const networks = { [id]: {} };
    const one = await bench.startShell("sleep 60", { networks, exposedHostPorts: [onLoopback.ipv4] });
    expect(await ask("host.docker.internal", onLoopback.ipv4, { networks })).toMatch(REFUSED);
    const { networks: places } = await bench.engine.containers.inspect(one);
    const { ipAddress } = Object.values(places)[0]!;
    await bench.engine.containers.remove(one, { force: true });
    // Who has the address next has nothing else of it.
    const next = { networks: { [id]: { ipv4Address: ipAddress } } };
    expect(await ask("host.docker.internal", onLoopback.ipv4, next)).toMatch(REFUSED);
  });

  it("a container that leaves a network keeps the ports of the host on the next one", async (context) => {
    if (!bench.engine.supports.hostPorts) context.skip("this engine exposes no ports of the host");
    const { networks, containers } = bench.engine;
    const [first, second] = [await networks.create({}), await networks.create({})];
    const id = await bench.startShell("sleep 60", { networks: { [first.id]: {} }, exposedHostPorts: [onLoopback.ipv4] });
    await networks.connect(second.id, id);
    await networks.disconnect(first.id, id);
    const { networks: places } = await containers.inspect(id);
    const process = await containers.exec(id, {
      command: ["sh", "-c", `nc -w 5 ${Object.values(places)[0]!.gateway} ${onLoopback.ipv4} < /dev/null`],
    });
    let out = "";
    for await (const chunk of process.stdout) out += String(chunk);
    expect(out).toBe("loopback\n");
  });

  it("a container on the default network and another one reaches all there is", async () => {
    const { networks, containers } = bench.engine;
    const { id: network } = await networks.create({ ipv6: true });
    const peer = await bench.startShell(`nc -ll -p 8080 -e echo peer`, { networks: { [network]: {} } });
    await containers.waitListening(peer, { ports: [{ port: 8080, protocol: "tcp" }] });
    const id = await bench.startShell(`nc -ll -p 8081 -e echo self`);
    await networks.connect(network, id);
    const [there] = Object.values((await containers.inspect(peer)).networks);
    const [here] = Object.values((await containers.inspect(id)).networks);
    const asked = [
      [there!.ipAddress, 8080, "peer"],
      [there!.ipv6Address, 8080, "peer"],
      [here!.ipAddress, 8081, "self"],
      [here!.ipv6Address, 8081, "self"],
      [outside.ipv4, Service.WHO, outside.host.ipv4],
    ];
    for (const [address, port, answer] of asked) {
      const process = await containers.exec(id, { command: ["sh", "-c", `nc -w 5 ${address} ${port} < /dev/null 2>&1`] });
      let out = "";
      for await (const chunk of process.stdout) out += String(chunk);
      expect(`${address}: ${out}`).toContain(answer);
    }
  });

  it("an internal network leads nowhere", async () => {
    const { id } = await bench.engine.networks.create({ internal: true });
    const spec = { networks: { [id]: {} } };
    expect(await ask(outside.ipv4, Service.WHO, spec)).toContain("Network is unreachable");
    expect(await said("cat /etc/hosts", spec)).not.toContain("host.docker.internal");
    if (!bench.engine.supports.hostPorts) return;
    const { id: container } = await bench.engine.containers.create({ image: "busybox", ...spec, exposedHostPorts: [80] });
    await expect(bench.engine.containers.start(container)).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("mode none leads nowhere, and mode host is the host", async () => {
    expect(await ask(outside.ipv4, Service.WHO, { networkMode: "none" })).toContain("Network is unreachable");
    expect(await ask("host.docker.internal", onLoopback.ipv4, { networkMode: "host" })).toBe("loopback\n");
  });

  it.each([
    ["a port that is none", { exposedHostPorts: [0] }],
    ["a port that is too high", { exposedHostPorts: [65_536] }],
    ["a port that is no number", { exposedHostPorts: ["80" as unknown as number] }],
    ["ports of the host without a network", { exposedHostPorts: [80], networkMode: "none" as const }],
    ["an extra host that is no address", { extraHosts: [{ host: "a", address: "gateway" }] }],
    ["an extra host with a line break", { extraHosts: [{ host: "a\nb", address: "10.0.0.1" }] }],
  ])("%s is refused", async (_, spec) => {
    await expect(bench.engine.containers.create({ image: "busybox", ...spec })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
