/**
 * Networks between containers: throughput from one to another beside plain loopback, what a name costs, what a start on a network
 * costs beside one without, and how soon nothing is left of it.
 */
import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startDaemon } from "../fixtures/daemon.js";
import { heldNamespaces } from "../fixtures/host-network.js";
import { type Bench, type Benchmark, BUSYBOX, HTTPD, timed } from "./benchmark.js";
import { buildProgram, startLoopbackServer, Traffic } from "./fixtures/traffic.js";
import type { OurSide, Running } from "./side.js";
import type { Row } from "./table.js";

const PORT = 9000;
const BYTES = 2_000_000_000;
const NAME_SERVER = "127.0.0.11";
const LOOKUPS = 1000;
const AT_ONCE = 10;

export const networks: Benchmark = {
  name: "networks",
  async run(bench) {
    const directory = join(bench.cache, "traffic");
    await mkdir(directory, { recursive: true });
    const [traffic, lookup] = await Promise.all([buildProgram("traffic", directory), buildProgram("lookup", directory)]);
    await using network = await bench.ours.network();
    return [
      await throughput(bench, network.name, traffic),
      ...(await names(bench, network.name, lookup)),
      await oneStart(bench, network.name),
      await manyStarts(bench, network.name),
      await linksGone(bench),
    ];
  },
};

const idle = (network: string, files: readonly string[]) =>
  ({ image: BUSYBOX, command: ["httpd", "-f", "-p", "8080"], port: 8080, network, files }) as const;

async function throughput(bench: Bench, network: string, program: string): Promise<Row> {
  const server = await bench.ours.start({
    image: BUSYBOX,
    command: [program, "serve", String(PORT)],
    port: PORT,
    network,
    files: [program],
  });
  const client = await bench.ours.start(idle(network, [program]));
  await using loopback = await startLoopbackServer(program, bench.scratch);
  const traffic = new Traffic(program);
  const samples: Record<"ours" | "loopback", number[]> = { ours: [], loopback: [] };
  for (let round = -1; round < bench.runs(5); round++) {
    const beside = await traffic.throughput("up", loopback, BYTES);
    const nanoseconds = Number(await client.exec([program, "up", server.address ?? "", String(PORT), String(BYTES)]));
    if (round < 0) continue;
    samples.loopback.push(...beside);
    samples.ours.push(BYTES / nanoseconds);
  }
  await Promise.all([server.stop(), client.stop()]);
  return {
    what: "container to container",
    unit: "GB/s",
    ours: samples.ours,
    reference: { name: "plain loopback", samples: samples.loopback },
    must: { kind: "share", part: 0.8 },
  };
}

async function names(bench: Bench, network: string, program: string): Promise<Row[]> {
  const server = await bench.ours.start(idle(network, []));
  const client = await bench.ours.start(idle(network, [program]));
  const single = await client.exec([program, NAME_SERVER, server.name ?? "", String(LOOKUPS)]);
  const answered: number[] = [];
  for (let round = 0; round < bench.runs(5); round++)
    answered.push(Number(await client.exec([program, NAME_SERVER, server.name ?? "", String(LOOKUPS), "all"])));
  await Promise.all([server.stop(), client.stop()]);
  const microseconds = single
    .trim()
    .split("\n")
    .map((nanoseconds) => Number(nanoseconds) / 1000);
  return [
    { what: "lookup of a container's name", unit: "us", ours: microseconds, must: { kind: "at-most", value: 1000 } },
    {
      what: `answered, of ${LOOKUPS} lookups at once`,
      unit: "",
      ours: [Math.min(...answered)],
      must: { kind: "at-least", value: LOOKUPS },
    },
  ];
}

/** Pairs of starts, one after the other: how much longer the one on the network takes. */
async function oneStart(bench: Bench, network: string): Promise<Row> {
  const more: number[] = [];
  for (let round = -1; round < bench.runs(20); round++) {
    const without = await startOne(bench.ours, undefined);
    const withNetwork = await startOne(bench.ours, network);
    if (round >= 0) more.push(withNetwork - without);
  }
  return { what: "start on a network, beyond one without", unit: "ms", ours: more, must: { kind: "at-most", value: 3 } };
}

async function startOne(ours: OurSide, network: string | undefined): Promise<number> {
  let container: Running | undefined;
  const time = await timed(async () => {
    container = await ours.start({ ...HTTPD, network });
  });
  await container?.stop();
  return time;
}

async function manyStarts(bench: Bench, network: string): Promise<Row> {
  const times: Record<"with" | "without", number[]> = { with: [], without: [] };
  for (let round = -1; round < bench.runs(5); round++) {
    for (const kind of ["without", "with"] as const) {
      let containers: Running[] = [];
      const time = await timed(async () => {
        containers = await Promise.all(
          Array.from({ length: AT_ONCE }, () => bench.ours.start({ ...HTTPD, network: kind === "with" ? network : undefined })),
        );
      });
      await Promise.all(containers.map((container) => container.stop()));
      if (round >= 0) times[kind].push(time);
    }
  }
  return {
    what: `start, ${AT_ONCE} at once on one network`,
    unit: "ms",
    ours: times.with,
    reference: { name: "without a network", samples: times.without },
    must: { kind: "times-faster", factor: 0.67 },
  };
}

/** From when ten containers are removed until their network's namespace has no link to one any more. */
async function linksGone(bench: Bench): Promise<Row> {
  const held = async (): Promise<string[]> =>
    (await bench.ours.helpers()).flatMap((pid) => heldNamespaces(pid).map((fd) => `/proc/${pid}/fd/${fd}`));
  const others = await held();
  await using network = await bench.ours.network();
  const namespace = (await held()).find((each) => !others.includes(each));
  // Whoever sleeps there lets us read what is there.
  const there = join(bench.scratch, "there");
  const visitor = await startDaemon({
    command: ["nsenter", `--net=${namespace}`, "sh", "-c", `touch ${there}; exec sleep 600`],
    log: join(bench.scratch, "links.log"),
    ready: () => access(there),
  });
  const links = async (): Promise<number> => (await readFile(`/proc/${visitor.pid}/net/dev`, "utf8")).match(/^ *c\d+:/gm)?.length ?? 0;
  const times: number[] = [];
  try {
    for (let round = -1; round < bench.runs(10); round++) {
      const time = await timeOfLinks(bench, network.name, links);
      if (round >= 0) times.push(time);
    }
  } finally {
    await visitor.stop();
  }
  return { what: `links gone after ${AT_ONCE} containers are`, unit: "ms", ours: times, must: { kind: "at-most", value: 200 } };
}

async function timeOfLinks(bench: Bench, network: string, links: () => Promise<number>): Promise<number> {
  const containers = await Promise.all(Array.from({ length: AT_ONCE }, () => bench.ours.start({ ...HTTPD, network })));
  if ((await links()) !== AT_ONCE) throw new Error(`${await links()} links of ${AT_ONCE} containers`);
  await Promise.all(containers.map((container) => container.stop()));
  return timed(async () => {
    while ((await links()) > 0) await sleep(1);
  });
}
