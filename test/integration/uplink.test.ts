/** What ways out do to the host: nothing. What they leave: nothing. And what is done where the kernel gives none. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BuiltinEngine } from "../../src/engine/builtin/index.js";
import * as nftables from "../../src/engine/builtin/network/nftables.js";
import { Container } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { run } from "../fixtures/command.js";
import { heldNamespaces, hostNetworkAround } from "../fixtures/host-network.js";
import { type Outside, openOutside, Service } from "../fixtures/outside.js";

let home: string;
let engine: BuiltinEngine;
let outside: Outside;

beforeAll(async () => {
  outside = await openOutside(2);
  home = await mkdtemp(path.join(tmpdir(), "caisson-uplink-"));
});

beforeEach(async () => {
  engine = await BuiltinEngine.open({ root: home });
  await ensureBusyboxImage(engine);
});

afterEach(() => engine.close());

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
  await outside[Symbol.asyncDispose]();
});

const shell = (script: string): Container => new Container("busybox", { engine }).withCommand(["sh", "-c", script]);

/** Output of a script that runs in a container to its end. */
async function said(container: Container): Promise<string> {
  await using started = await container.start();
  await engine.containers.wait(started.getId());
  return await log(started.getId());
}

async function log(id: string): Promise<string> {
  let text = "";
  for await (const { data } of engine.containers.logs(id)) text += data.toString();
  return text;
}

/** Without the empty pipes that are kept for the next connections: as many as were needed at once, up to a limit. */
const descriptors = (pid: number): number => links(pid).filter((link) => !link.startsWith("pipe:")).length;
const PIPES_KEPT = 16; // native/pipe_pool.c

function links(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "closed meanwhile";
    }
  });
}

/** Resident memory, in KiB. */
const memory = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);

describe("ways out", () => {
  it("change nothing on the host", async () => {
    await engine.ping();
    const seen = await hostNetworkAround(async (look) => {
      const { id } = await engine.networks.create({ ipv6: true });
      await using one = await shell("sleep 60").withExposedHostPorts(80).start();
      await using two = await shell("sleep 60").withNetwork(id).withExposedHostPorts(80).start();
      for (const { exec } of [one, two].map((container) => ({ exec: container.exec.bind(container) })))
        expect((await exec(["nc", "-w", "5", outside.ipv4, String(Service.WHO)])).stdout).toContain(outside.host.ipv4);
      await look();
    });
    expect([...seen]).toHaveLength(1);
  });

  it("are chains that nf_tables reads as they are meant", async () => {
    const supervisor = await engine.supervisorPid();
    const { id } = await engine.networks.create({ subnets: [{ subnet: "10.9.7.0/24" }, { subnet: "fd00:97::/64" }] });
    await using container = await shell("sleep 60").withExposedHostPorts(8080).start();
    await using member = await shell("sleep 60").withNetwork(id).withExposedHostPorts(8080).start();
    const chainIn = async (namespace: string, chain = "uplink"): Promise<string[]> => {
      const listed = await run("nsenter", [`--net=${namespace}`, "nft", "list", "chain", "inet", "caisson", chain]);
      return listed
        .split("\n")
        .slice(2, -3)
        .map((line) => line.trim());
    };
    const { state } = await engine.containers.inspect(container.getId());
    const ipv6 = ["ip6 daddr ::1 accept", "ip6 daddr fe80::/10 accept", "ip6 daddr ff00::/8 accept"];
    const common = ['fib daddr oif != 0 fib daddr oif != "lo" accept', "meta nfproto ipv4 fib daddr type != unicast accept"];
    const first = [
      "type filter hook prerouting priority dstnat + 10; policy accept;",
      "tcp flags != syn / fin,syn,rst,ack accept",
      "meta l4proto tcp meta mark 0x000ca155 tproxy to :6 accept",
    ];
    const last = ["meta l4proto tcp log group 6 drop", "tproxy to :6 accept", "reject with icmpx admin-prohibited"];
    expect(await chainIn(`/proc/${state.pid}/ns/net`)).toEqual([
      ...first,
      "ip daddr 172.17.0.1 meta l4proto tcp log group 6 drop",
      "ip daddr 172.17.0.1 th dport 8080 tproxy to :6 accept",
      "ip daddr 172.17.0.1 meta l4proto udp reject",
      ...common,
      ...ipv6, // this host has an address, on the link to the outside
      ...last,
    ]);
    expect(await chainIn(`/proc/${state.pid}/ns/net`, "resets")).toEqual([
      "type filter hook output priority filter; policy accept;",
      "tcp flags rst / rst,ack meta mark != 0x000ca155 log group 6 drop",
    ]);
    const held = heldNamespaces(supervisor).map((fd) => chainIn(`/proc/${supervisor}/fd/${fd}`).catch(() => []));
    expect(await Promise.all(held)).toContainEqual([
      ...first,
      "ip daddr 10.9.7.1 meta l4proto tcp log group 6 drop",
      "ip daddr 10.9.7.1 ip saddr 10.9.7.2 th dport 8080 tproxy to :6 accept",
      "ip6 daddr fd00:97::1 meta l4proto tcp log group 6 drop",
      "ip6 daddr fd00:97::1 ip6 saddr fd00:97::2 th dport 8080 tproxy to :6 accept",
      ...common,
      ...ipv6,
      "ip6 daddr fd00:97::1 accept",
      ...last,
    ]);
    expect(member.getNetworkNames()).toHaveLength(1);
  });

  it("tell of ports of this host that are not exposed, once each and of the container that tried", async () => {
    const events = engine.events({ type: "container" })[Symbol.asyncIterator]();
    const { id: network } = await engine.networks.create({ subnets: [{ subnet: "10.9.8.0/24" }] });
    const script = "for i in 1 2 3; do for p in 21 22 23; do nc -w 5 host.docker.internal $p < /dev/null; done; done; sleep 60";
    const spec = { image: "busybox", command: ["sh", "-c", script], exposedHostPorts: [23] };
    for (const networks of [{}, { [network]: {} }]) {
      const bystander = await engine.containers.create({ image: "busybox", command: ["sleep", "60"], networks });
      const { id } = await engine.containers.create({ ...spec, networks });
      for (const each of [bystander.id, id]) await engine.containers.start(each);
      await vi.waitFor(async () => expect((await engine.containers.inspect(id)).refusedHostPorts).toEqual([21, 22]));
      expect((await engine.containers.inspect(bystander.id)).refusedHostPorts).toEqual([]);
      const told: string[] = [];
      while (told.length < 2) {
        const { value } = await events.next();
        if (value?.action === "host_port_refused") told.push(`${value.id} ${value.attributes["port"]}`);
      }
      expect(told).toEqual([`${id} 21`, `${id} 22`]);
    }
    await events.return?.();
  });

  it("explain why a container does not become ready", async () => {
    const stuck = shell("until nc -w 1 host.docker.internal 5432 < /dev/null; do sleep 0.1; done")
      .withExposedPorts(8080)
      .withStartupTimeout(2000);
    const error: unknown = await stuck.start().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "WAIT_TIMEOUT",
      evidence: expect.arrayContaining([expect.stringContaining("withExposedHostPorts(5432)")]),
    });
  });

  it("of 200 containers, one after the other, leave nothing", async () => {
    const supervisor = await engine.supervisorPid();
    const script = `nc -w 5 ${outside.ipv4} ${Service.WHO} < /dev/null; nc ${outside.ipv4} ${Service.ECHO} < /dev/zero > /dev/null & sleep 0.02`;
    for (let i = 0; i < 20; i++) expect(await said(shell(script))).toContain(outside.host.ipv4);
    const before = { descriptors: descriptors(supervisor), memory: memory(supervisor) };
    for (let i = 0; i < 200; i++) await said(shell(script));
    // What was said last is carried on for a while after the end of a container.
    for (let attempt = 0; attempt < 100 && descriptors(supervisor) > before.descriptors; attempt++) await sleep(100);
    expect(descriptors(supervisor)).toBeLessThanOrEqual(before.descriptors);
    expect(links(supervisor).filter((link) => link.startsWith("pipe:")).length).toBeLessThanOrEqual(2 * PIPES_KEPT);
    expect(heldNamespaces(supervisor)).toEqual([]);
    expect(memory(supervisor) - before.memory).toBeLessThan(1024);
  }, 120_000);

  describe("see the segments of a client", () => {
    let connections: number;
    let server: Server;
    let port: number;

    beforeEach(async () => {
      connections = 0;
      server = createServer((socket) => {
        connections++;
        socket.write("!");
        socket.pipe(socket);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      port = (server.address() as AddressInfo).port;
    });

    afterEach(() => server.close());

    /** What a script says that runs on a network, in the namespace of a member. */
    async function script(name: string): Promise<string> {
      const { id } = await engine.networks.create({ subnets: [{ subnet: "10.9.9.0/24" }] });
      await using client = await shell("sleep 60").withNetwork(id).withExposedHostPorts(port).start();
      const { state } = await engine.containers.inspect(client.getId());
      const file = path.join(import.meta.dirname, "../fixtures", name);
      return await run("nsenter", [`--net=/proc/${state.pid}/ns/net`, "python3", file, "10.9.9.1", String(port)]);
    }

    it("and make one connection of one, also where its first packet comes twice", async () => {
      expect(await script("late-syn.py")).toBe("x\n");
      expect(connections).toBe(2);
    });

    it("and refuse those of no connection, unless it has just been made", async () => {
      expect(await script("stray-segment.py")).toBe("0 1\n");
    });
  });

  it("let a container start again, and find its way again", async () => {
    await using container = await shell(`nc -w 5 ${outside.ipv4} ${Service.WHO} < /dev/null; sleep 60`).start();
    for (const times of [1, 2]) {
      await vi.waitFor(async () => expect((await log(container.getId())).match(/10\./g)).toHaveLength(times));
      await engine.containers.restart(container.getId(), { timeoutMs: 0 });
    }
  });

  it("can't be widened by a container that configures its own network", async () => {
    const server = createServer((socket) => socket.end("loopback\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using container = await shell("sleep 60").withAddedCapabilities("NET_ADMIN").withExposedHostPorts(1).start();
    const { state } = await engine.containers.inspect(container.getId());
    // Everything, also what is the container's own, is handed to the supervisor.
    const chain = "add chain inet caisson first { type filter hook prerouting priority -300; }";
    const rule = "add rule inet caisson first meta l4proto tcp tcp flags syn tproxy ip to :6 accept";
    await run("nsenter", [`--net=/proc/${state.pid}/ns/net`, "nft", `flush chain inet caisson uplink; ${chain}; ${rule}`]);
    for (const address of ["127.0.0.1", "172.17.0.1", "127.0.0.5"])
      expect((await container.exec(["nc", "-w", "5", address, String(port)])).stdout).toBe("");
    expect((await container.exec(["nc", "-w", "5", outside.ipv4, String(Service.WHO)])).stdout).toContain(outside.host.ipv4);
    server.close();
  });
});

describe("where the kernel has no transparent proxy", () => {
  beforeEach(() => {
    // As such a kernel answers: an expression that it does not know.
    vi.spyOn(nftables, "tproxy").mockImplementation(() => [nftables.log(1).fill("x", 4, 7)]);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("containers and networks start without a way out, and creates say so", async () => {
    expect(await said(shell(`ip route show table all | grep -c default; nc -w 5 ${outside.ipv4} ${Service.WHO} 2>&1`))).toMatch(
      /^0\n.*Network is unreachable/,
    );
    const { warnings, id } = await engine.containers.create({ image: "busybox" });
    expect(warnings).toEqual([expect.stringContaining("no way to the outside")]);
    await engine.containers.remove(id);
    await engine.networks.create({ name: "closed" });
    expect(await said(shell(`nc -w 5 ${outside.ipv4} ${Service.WHO} 2>&1`).withNetwork("closed"))).toContain("Network is unreachable");
  });

  it("exposed ports of the host are refused, by name", async () => {
    await expect(shell("true").withExposedHostPorts(80).start()).rejects.toMatchObject({
      code: "UNSUPPORTED",
      facts: { feature: "exposedHostPorts" },
    });
  });
});
