/** What networks do to the host: nothing. And what they leave: nothing. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BuiltinEngine } from "../../src/engine/builtin/index.js";
import * as nftables from "../../src/engine/builtin/network/nftables.js";
import { Container, Network } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { heldNamespaces, hostNetworkAround } from "../fixtures/host-network.js";

const run = promisify(execFile);

let home: string;
let engine: BuiltinEngine;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-networks-"));
  engine = await BuiltinEngine.open({ root: home });
  await ensureBusyboxImage(engine);
});

afterAll(async () => {
  await engine.close();
  await rm(home, { recursive: true, force: true });
});

const linksIn = async (supervisor: number, fd: string): Promise<string[]> => {
  const { stdout } = await run("nsenter", [`--net=/proc/${supervisor}/fd/${fd}`, "ip", "-o", "link"]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.split(": ")[1] ?? "");
};

describe("networks", () => {
  it("change nothing on the host", async () => {
    await engine.ping();
    const seen = await hostNetworkAround(async (look) => {
      const { id } = await engine.networks.create({ ipv6: true });
      const { name } = await engine.networks.inspect(id);
      const container = await engine.containers.create({
        image: "busybox",
        command: ["sleep", "60"],
        networks: { [name]: {} },
        publish: [{ containerPort: 80 }],
      });
      await engine.containers.start(container.id);
      await look();
      await engine.containers.remove(container.id, { force: true });
      await engine.networks.remove(id);
    });
    expect([...seen]).toHaveLength(1);
  });

  it("lose the links of containers that are gone", async () => {
    const supervisor = await engine.supervisorPid();
    const { id } = await engine.networks.create({ name: "links" });
    const containers = await Promise.all(
      Array.from({ length: 10 }, () => engine.containers.create({ image: "busybox", command: ["sleep", "60"], networks: { links: {} } })),
    );
    await Promise.all(containers.map((container) => engine.containers.start(container.id)));
    const [network] = heldNamespaces(supervisor);
    const ends = () => linksIn(supervisor, network!).then((links) => links.filter((link) => link.startsWith("c")).length);
    expect(await ends()).toBe(10);
    await Promise.all(containers.map((container) => engine.containers.remove(container.id, { force: true })));
    // Namespaces are taken apart by the kernel in its own time; 200 ms on a machine that has nothing else to do.
    for (let attempt = 0; attempt < 50 && (await ends()) > 0; attempt++) await sleep(100);
    expect(await ends()).toBe(0);
    await engine.networks.remove(id);
  });

  it("have their members again when those start again at once", async () => {
    const { id } = await engine.networks.create({ name: "again" });
    const container = await engine.containers.create({ image: "busybox", command: ["sleep", "60"], networks: { again: {} } });
    await engine.containers.start(container.id);
    for (let times = 0; times < 20; times++) await engine.containers.restart(container.id, { timeoutMs: 0 });
    await engine.containers.remove(container.id, { force: true });
    await engine.networks.remove(id);
  });

  it("are 200 at once, and gone when they are removed", async () => {
    const supervisor = await engine.supervisorPid();
    const made = await Promise.all(Array.from({ length: 200 }, () => engine.networks.create()));
    const subnets = (await engine.networks.list()).map((network) => network.subnets[0]!.subnet);
    expect(new Set(subnets).size).toBe(200);
    expect(heldNamespaces(supervisor).length).toBe(200);
    await Promise.all(made.map(({ id }) => engine.networks.remove(id)));
    expect(heldNamespaces(supervisor)).toEqual([]);
  });

  it("answer for names after whatever else was asked", async () => {
    await engine.networks.create({ name: "strange" });
    const asked = await new Container("busybox", { engine }).withCommand(["sleep", "60"]).withName("asked").withNetwork("strange").start();
    const header = (questions: number, flags = 0x0100) => Buffer.from([0, 1, flags >> 8, flags & 0xff, 0, questions, 0, 0, 0, 0, 0, 0]);
    const question = Buffer.from("\x05asked\x00\x00\x01\x00\x01", "latin1");
    const messages: readonly (readonly [Buffer, string])[] = [
      [Buffer.alloc(0), "silence"],
      [Buffer.from("short"), "silence"],
      [Buffer.concat([header(1, 0x8180), question]), "silence"], // an answer
      [Buffer.concat([header(1), Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])]), "code 1"], // a name that points to itself
      [Buffer.concat([header(1), question.subarray(0, 4)]), "code 1"],
      [Buffer.concat([header(1), Buffer.alloc(60_000, 0x3f)]), "code 1"],
      [Buffer.concat([header(2), question, question]), "code 1"],
      [Buffer.concat([header(1, 0x1000), question]), "code 4"], // a request for the server's status
      [Buffer.concat([header(1), question]), "code 0"],
    ];
    const { state } = await asked.inspect();
    const client = fileURLToPath(new URL("../fixtures/dns-client.mjs", import.meta.url));
    const words = [`--net=/proc/${state.pid}/ns/net`, process.execPath, client, ...messages.map(([message]) => message.toString("hex"))];
    expect((await run("nsenter", words)).stdout.trim().split("\n")).toEqual(messages.map(([, answer]) => answer));
    await asked.stop();
  });

  it("are objects of the SDK", async () => {
    await using network = await new Network({ engine, labels: { suite: "sdk" } }).start();
    await using server = await new Container("busybox", { engine })
      .withCommand(["nc", "-ll", "-p", "8080", "-e", "hostname"])
      .withHostname("greeter")
      .withExposedPorts(8080)
      .withNetwork(network)
      .withNetworkAliases("greet")
      .start();
    await using client = await new Container("busybox", { engine }).withCommand(["sleep", "60"]).withNetwork(network).start();
    expect((await client.exec("nc -w 2 greet 8080")).stdout).toBe("greeter\n");
    expect(server.getNetworkNames()).toEqual([network.getName()]);
    expect((await client.exec(["nc", "-w", "2", server.getIpAddress(network.getName()), "8080"])).stdout).toBe("greeter\n");
    expect((await network.inspect()).containers.map(({ containerId }) => containerId).sort()).toEqual(
      [server.getId(), client.getId()].sort(),
    );
    await expect(network.stop()).rejects.toMatchObject({ code: "NETWORK_IN_USE" });
    expect(() => server.getIpAddress("other")).toThrow("is not on network other");
    expect(() => new Container("busybox").withNetworkAliases("x")).toThrow("after withNetwork");
  });
});

describe("where the kernel has no address translation", () => {
  beforeEach(() => {
    // As such a kernel answers: an expression that it does not know.
    vi.spyOn(nftables, "destinationNat").mockImplementation(() => [nftables.log(1).fill("x", 4, 7)]);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("a container that is a name server itself asks those of the host", async () => {
    const other = await BuiltinEngine.open({ root: home });
    const spec = { image: "busybox", command: ["sh", "-c", "cat /etc/resolv.conf"] };
    for (const [exposedPorts, expected] of [
      [["53/udp"], readFileSync("/etc/resolv.conf", "utf8")],
      [["54/udp"], expect.stringContaining("nameserver 127.0.0.11\n")],
    ] as const) {
      const { id } = await other.containers.create({ ...spec, exposedPorts: [...exposedPorts] });
      await other.containers.start(id);
      await other.containers.wait(id);
      let text = "";
      for await (const { data } of other.containers.logs(id)) text += data.toString();
      expect(text).toEqual(expected);
    }
    await other.close();
  });
});
