import { describe, expect, it } from "vitest";
import type { ContainerSpec } from "../../src/engine/engine.js";
import { run } from "../fixtures/command.js";
import { enterNetwork } from "../fixtures/rootless.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

const PORT = 8080;
/** Answers every connection with its hostname. */
const SERVER = `nc -ll -p ${PORT} -e hostname`;
const ask = (host: string) => `nc -w 2 ${host} ${PORT} < /dev/null`;

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);

  /** A container that serves, once it listens. */
  async function serve(name: string, spec: Omit<ContainerSpec, "image" | "command">): Promise<string> {
    const id = await bench.startShell(SERVER, { name, hostname: name, ...spec });
    await bench.engine.containers.waitListening(id, { ports: [{ port: PORT, protocol: "tcp" }] });
    return id;
  }

  const said = async (script: string, spec: Omit<ContainerSpec, "image" | "command">) => {
    const { stdout, stderr, exitCode } = await bench.shell(script, spec);
    return exitCode === 0 ? stdout : `exit code ${exitCode}: ${stderr}`;
  };

  describe("networks", () => {
    it("are created, listed, inspected, removed", async () => {
      const { networks } = bench.engine;
      const { id } = await networks.create({ name: "net-a", labels: { a: "1" }, subnets: [{ subnet: "10.9.0.0/24" }] });
      expect(await networks.inspect("net-a")).toMatchObject({
        id,
        name: "net-a",
        labels: { a: "1" },
        internal: false,
        subnets: [{ subnet: "10.9.0.0/24", gateway: "10.9.0.1" }],
        containers: [],
      });
      expect((await networks.list({ labels: { a: "1" } })).map(({ name }) => name)).toEqual(["net-a"]);
      await expect(networks.create({ name: "net-a" })).rejects.toMatchObject({ code: "NETWORK_NAME_TAKEN" });
      await networks.remove(id.slice(0, 12));
      await expect(networks.inspect("net-a")).rejects.toMatchObject({ code: "NETWORK_NOT_FOUND" });
    });

    it("let their members reach each other by name, alias, short id and address", async () => {
      await bench.engine.networks.create({ name: "net-b" });
      const id = await serve("server", { networks: { "net-b": { aliases: ["db", "other.name"] } } });
      const { networks } = await bench.engine.containers.inspect(id);
      const { ipAddress } = networks["net-b"]!;
      for (const name of ["server", "db", "other.name", "SERVER", "server.net-b", id.slice(0, 12), ipAddress])
        expect(await said(ask(name), { networks: { "net-b": {} } })).toBe("server\n");
    });

    it("give fixed addresses, and MAC addresses", async () => {
      await bench.engine.networks.create({
        name: "net-c",
        subnets: [{ subnet: "10.9.1.0/24", gateway: "10.9.1.9", ipRange: "10.9.1.128/25" }],
      });
      const script = "cat /sys/class/net/eth0/address; ip -4 -o addr show eth0; ip route";
      const out = await said(script, { networks: { "net-c": { ipv4Address: "10.9.1.77", macAddress: "02:00:00:00:00:07" } } });
      expect(out).toContain("02:00:00:00:00:07");
      expect(out).toContain("10.9.1.77/24");
      expect(out).toContain("default via 10.9.1.9");
      expect(await said(script, { networks: { "net-c": {} } })).toMatch(/10\.9\.1\.1(2[89]|3\d)\/24/);
    });

    it("have IPv6 where they are told to", async () => {
      await bench.engine.networks.create({ name: "net-6", subnets: [{ subnet: "fd00:9::/64" }] });
      const id = await serve("six", { networks: { "net-6": {} } });
      const { networks } = await bench.engine.containers.inspect(id);
      expect(networks["net-6"]!.ipv6Address).toMatch(/^fd00:9::/);
      expect(await said(ask(networks["net-6"]!.ipv6Address!), { networks: { "net-6": {} } })).toBe("six\n");
      expect(await said("nslookup -type=aaaa six", { networks: { "net-6": {} } })).toContain(networks["net-6"]!.ipv6Address);
    });

    it("are connected and disconnected while containers run", async () => {
      const { networks, containers } = bench.engine;
      await networks.create({ name: "net-d" });
      await networks.create({ name: "net-e" });
      await serve("late", { networks: { "net-d": {} } });
      const client = await bench.startShell("sleep 60", { networks: { "net-e": {} } });
      const tried = async () => {
        const process = await containers.exec(client, { command: ["sh", "-c", ask("late-alias")] });
        return (await process.exit).exitCode;
      };
      expect(await tried()).not.toBe(0);
      await networks.connect("net-e", "late", { aliases: ["late-alias"] });
      expect(await tried()).toBe(0);
      expect((await networks.inspect("net-e")).containers.map(({ containerName }) => containerName)).toContain("late");
      await expect(networks.connect("net-e", "late")).rejects.toMatchObject({ code: "NETWORK_ALREADY_CONNECTED" });
      await networks.disconnect("net-e", "late");
      expect(await tried()).not.toBe(0);
      await expect(networks.disconnect("net-e", "late")).rejects.toMatchObject({ code: "NETWORK_NOT_CONNECTED" });
    });

    it("publish ports of their members", async () => {
      await bench.engine.networks.create({ name: "net-p" });
      const id = await serve("published", { networks: { "net-p": {} }, publish: [{ containerPort: PORT }] });
      const { ports } = await bench.engine.containers.inspect(id);
      expect(await said(`nc -w 2 127.0.0.1 ${ports[0]!.hostPort} < /dev/null`, { networkMode: "host" })).toBe("published\n");
    });

    it("are apart: one can't see, name or reach another, also where their subnets are the same", async () => {
      const subnets = [{ subnet: "10.9.2.0/24" }];
      await bench.engine.networks.create({ name: "net-x", subnets });
      await bench.engine.networks.create({ name: "net-y", subnets });
      await serve("hidden", { networks: { "net-x": { ipv4Address: "10.9.2.50" } } });
      await serve("seen", { networks: { "net-y": { ipv4Address: "10.9.2.50" } } });
      expect(await said(ask("10.9.2.50"), { networks: { "net-y": {} } })).toBe("seen\n");
      expect(await said("nslookup hidden", { networks: { "net-y": {} } })).toContain("exit code 1");
      expect(await said("nslookup 50.2.9.10.in-addr.arpa", { networks: { "net-y": {} } })).not.toContain("hidden");
    });

    it("are apart where their subnets differ: neither members nor their name server are reached", async () => {
      await bench.engine.networks.create({ name: "net-u", subnets: [{ subnet: "10.9.10.0/24" }] });
      await bench.engine.networks.create({ name: "net-v", subnets: [{ subnet: "10.9.11.0/24" }] });
      await serve("apart", { networks: { "net-u": { ipv4Address: "10.9.10.50", aliases: ["alias"] } } });
      const spec = { networks: { "net-v": {} } };
      // What is at these addresses outside of this host, if anything, is not for us to say.
      for (const host of ["10.9.10.50", "10.9.10.1"]) expect(await said(`timeout 2 ${ask(host)}`, spec)).not.toContain("apart");
      for (const host of ["apart", "alias", "10.9.11.1"]) expect(await said(ask(host), spec)).toContain("exit code 1");
      for (const server of ["10.9.10.50", "10.9.10.1", "10.9.11.1"])
        expect(await said(`timeout 2 nslookup -type=a apart. ${server}`, spec)).not.toContain("10.9.10.50\n");
    });

    it("are kept while somebody runs on them, and what was given is given back", async () => {
      const { networks, containers } = bench.engine;
      await networks.create({ name: "net-f", subnets: [{ subnet: "10.9.3.0/30" }] });
      const id = await bench.startShell("sleep 60", { networks: { "net-f": {} } });
      await expect(networks.remove("net-f")).rejects.toMatchObject({ code: "NETWORK_IN_USE" });
      await expect(containers.create({ image: "busybox", networks: { "net-f": {} } })).rejects.toMatchObject({ code: "NETWORK_FULL" });
      await expect(containers.create({ image: "busybox", networks: { "net-f": { ipv4Address: "10.9.3.2" } } })).rejects.toMatchObject({
        code: "NETWORK_ADDRESS_TAKEN",
      });
      await containers.remove(id, { force: true });
      expect(await said("ip -4 -o addr show eth0", { networks: { "net-f": {} } })).toContain("10.9.3.2/30");
    });

    it("leave the address of a container that does not run to whoever starts with it first", async () => {
      const { networks, containers } = bench.engine;
      await networks.create({ name: "net-a", subnets: [{ subnet: "10.9.12.0/24" }] });
      const spec = { image: "busybox", command: ["sleep", "60"], networks: { "net-a": { ipv4Address: "10.9.12.9" } } };
      const [first, second] = [await containers.create(spec), await containers.create(spec)];
      await containers.start(second.id);
      await expect(containers.start(first.id)).rejects.toMatchObject({ code: "NETWORK_ADDRESS_TAKEN" });
      await containers.remove(second.id, { force: true });
      await containers.start(first.id);
      expect((await containers.inspect(first.id)).networks["net-a"]?.ipAddress).toBe("10.9.12.9");
      await containers.remove(first.id, { force: true });
    });

    it("may be shared: a container on another's network", async () => {
      await bench.engine.networks.create({ name: "net-s" });
      const holder = await serve("holder", { networks: { "net-s": {} } });
      expect(await said(`${ask("127.0.0.1")}; cat /etc/hostname`, { networkMode: `container:${holder}` })).toBe("holder\nholder\n");
    });

    it("of another container come with its host name", async () => {
      const holder = await bench.startShell("sleep 60", { hostname: "named" });
      const beside = await bench.startShell("sleep 60", { networkMode: `container:${holder}` });
      expect((await bench.engine.containers.inspect(beside)).config.hostname).toBe("named");
      expect(await said("hostname; echo $HOSTNAME", { networkMode: `container:${holder}` })).toBe("named\nnamed\n");
    });

    it("of mode none have loopback alone", async () => {
      expect(await said("ip -o link | wc -l; ip route | wc -l", { networkMode: "none" })).toBe("1\n0\n");
    });

    it.each([
      ["an unknown network", { networks: { nowhere: {} } }, "NETWORK_NOT_FOUND"],
      ["an address of another subnet", { networks: { "net-g": { ipv4Address: "10.1.1.1" } } }, "OPTION_INVALID"],
      ["a bad MAC address", { networks: { "net-g": { macAddress: "01:00:00:00:00:00" } } }, "OPTION_INVALID"],
      ["a bad alias", { networks: { "net-g": { aliases: ["a b"] } } }, "OPTION_INVALID"],
      ["an unknown mode", { networkMode: "bridged" as "none" }, "OPTION_INVALID"],
      ["an unknown container", { networkMode: "container:nobody" as const }, "CONTAINER_NOT_FOUND"],
      ["name servers beside another's network", { networkMode: "container:nobody" as const, dns: ["10.1.1.1"] }, "OPTION_INVALID"],
      [
        "names of hosts beside another's network",
        { networkMode: "container:nobody" as const, extraHosts: [{ host: "a", address: "10.1.1.1" }] },
        "OPTION_INVALID",
      ],
    ])("refuse %s", async (_, spec, code) => {
      await bench.engine.networks.create({ name: "net-g" });
      await expect(bench.engine.containers.create({ image: "busybox", ...spec })).rejects.toMatchObject({ code });
      expect((await bench.engine.networks.inspect("net-g")).containers).toEqual([]);
    });

    it("know what they don't know", async () => {
      const { networks } = bench.engine;
      await networks.create({ name: "net-h" });
      const id = await bench.startShell("sleep 60");
      for (const unknown of [() => networks.inspect("nowhere"), () => networks.remove("nowhere"), () => networks.connect("nowhere", id)])
        await expect(unknown()).rejects.toMatchObject({ code: "NETWORK_NOT_FOUND" });
      for (const unknown of [() => networks.connect("net-h", "nobody"), () => networks.disconnect("net-h", "nobody")])
        await expect(unknown()).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
      expect((await networks.inspect("net-h")).containers).toEqual([]);
    });

    it.each(["10.9.4.0", "10.9.4.1/24", "10.9.4.0/33", "10.9.4.0/31", "nonsense/8", "fd00::1/64"])(
      "refuse the subnet %s",
      async (subnet) => {
        await expect(bench.engine.networks.create({ subnets: [{ subnet }] })).rejects.toMatchObject({ code: "OPTION_INVALID" });
      },
    );
  });

  describe("names", () => {
    it("take turns where several containers have one alias", async () => {
      await bench.engine.networks.create({ name: "net-r" });
      for (const name of ["one", "two"]) await serve(name, { networks: { "net-r": { aliases: ["pool"] } } });
      const out = await said(`for i in 1 2 3 4 5 6; do ${ask("pool")}; done`, { networks: { "net-r": {} } });
      expect(new Set(out.trim().split("\n"))).toEqual(new Set(["one", "two"]));
    });

    it("are found by address", async () => {
      await bench.engine.networks.create({ name: "net-t", subnets: [{ subnet: "10.9.5.0/24" }] });
      await serve("pointed", { networks: { "net-t": { ipv4Address: "10.9.5.5" } } });
      expect(await said("nslookup 10.9.5.5", { networks: { "net-t": {} } })).toContain("pointed.net-t");
    });

    it("that nobody has are said to be so at once on a network without a way out", async () => {
      await bench.engine.networks.create({ name: "net-i", internal: true });
      const started = Date.now();
      expect(await said("nslookup no-such-name.example", { networks: { "net-i": {} } })).toContain("exit code 1");
      expect(Date.now() - started).toBeLessThan(4000);
      expect(await said("ip route", { networks: { "net-i": {} } })).not.toContain("default");
    });

    it("of the host's files are as Docker writes them", async () => {
      const out = await said("cat /etc/resolv.conf /etc/hosts /etc/hostname", {
        hostname: "me",
        extraHosts: [{ host: "extra", address: "10.1.2.3" }],
        dnsSearch: ["example.test"],
        dnsOptions: ["timeout:1"],
      });
      expect(out).toContain("nameserver 127.0.0.11\nsearch example.test\noptions timeout:1 ndots:0\n");
      expect(out).toContain("10.1.2.3\textra\n");
      expect(out).toContain("172.17.0.2\tme\nme\n");
    });

    it("are answered beside a name server that the container is itself", async () => {
      await bench.engine.networks.create({ name: "net-53" });
      await serve("asked", { networks: { "net-53": {} } });
      const query = "\\0\\27\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\5asked\\0\\0\\1\\0\\1";
      const spec = { networks: { "net-53": {} }, exposedPorts: ["53/tcp", "53/udp"] };
      const script = [
        "nc -ll -p 53 -e echo mine & sleep 0.5",
        "grep nameserver /etc/resolv.conf; nc -w 5 127.0.0.1 53 < /dev/null",
        "nslookup -type=a asked | grep -c 'Name:.*asked'",
        `(printf '${query}'; sleep 1) | nc 127.0.0.11 53 | grep -c asked`,
      ];
      expect(await said(script.join("; "), spec)).toBe("nameserver 127.0.0.11\nmine\n1\n1\n");
      const { state } = await bench.engine.containers.inspect(await bench.startShell("sleep 60", spec));
      const bind = `require("dgram").createSocket("udp4").bind(53, function () { console.log("bound"); this.close(); })`;
      expect(await run("nsenter", [...enterNetwork(state.pid), process.execPath, "-e", bind])).toBe("bound\n");
    });

    it("are answered a thousand at once, none lost", async () => {
      await bench.engine.networks.create({ name: "net-m" });
      await serve("many", { networks: { "net-m": {} } });
      const out = await said(
        "for i in $(seq 1000); do nslookup -type=a many. 127.0.0.11 > /tmp/$i & done; wait; grep -l 'Name:.*many' /tmp/* | wc -l",
        { networks: { "net-m": {} } },
      );
      expect(out).toBe("1000\n");
    });
  });
});
