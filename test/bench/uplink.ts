/** The way out of a container: throughput and connections beside plain loopback, and what it adds to a start. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type Benchmark, BUSYBOX, timed } from "./benchmark.js";
import { buildProgram, type Endpoint, startLoopbackServer, Traffic } from "./fixtures/traffic.js";
import type { Running } from "./side.js";
import type { Row } from "./table.js";

const BYTES = 2_000_000_000;
const CONNECTS = 500;
const AT_ONCE = 500;
const ROUND_TRIPS = 10_000;

export const uplink: Benchmark = {
  name: "uplink",
  async run(bench) {
    const directory = join(bench.cache, "traffic");
    await mkdir(directory, { recursive: true });
    const program = await buildProgram("traffic", directory);
    const traffic = new Traffic(program);
    await using server = await startLoopbackServer(program, bench.scratch);
    const client = await bench.ours.start({
      image: BUSYBOX,
      command: ["httpd", "-f", "-p", "8080"],
      port: 8080,
      files: [program],
      hostPorts: [server.port],
    });
    const inside = await insideOf(client, program, server);
    const samples = {
      up: await beside(
        bench,
        () => traffic.throughput("up", server, BYTES),
        () => inside("up", BYTES),
      ),
      down: await beside(
        bench,
        () => traffic.throughput("down", server, BYTES),
        () => inside("down", BYTES),
      ),
      ping: await beside(
        bench,
        () => traffic.roundTrips(server, ROUND_TRIPS),
        () => inside("ping", ROUND_TRIPS),
      ),
      connect: await beside(
        bench,
        () => traffic.connects(server, CONNECTS),
        () => inside("connect", CONNECTS),
      ),
      together: await beside(
        bench,
        () => traffic.together(server, AT_ONCE),
        () => inside("together", AT_ONCE),
      ),
    };
    const share = { must: { kind: "share", part: 0.5 }, aim: { kind: "share", part: 0.7 } } as const;
    const rows: Row[] = [
      { what: "uplink, container to host", unit: "GB/s", ...samples.up, ...share },
      { what: "uplink, host to container", unit: "GB/s", ...samples.down, ...share },
      { what: "uplink, 64-byte round trip", unit: "us", ...samples.ping },
      { what: "uplink, connect and round trip", unit: "us", ...samples.connect },
      // None may be lost, which would be an error; how long it takes is for comparison.
      { what: `uplink, ${AT_ONCE} connections at once`, unit: "ms", ...samples.together },
    ];
    await client.stop();
    return [...rows, await starts(bench)];
  },
};

type Command = "up" | "down" | "ping" | "connect" | "together";

/** Runs the client in the container, against the server on this host. */
async function insideOf(
  client: Running,
  program: string,
  { port }: Endpoint,
): Promise<(command: Command, amount: number) => Promise<number[]>> {
  const host = (await client.hostAddress?.()) ?? "";
  return async (command, amount) => {
    const nanoseconds = (await client.exec([program, command, host, String(port), String(amount)])).trim().split("\n").map(Number);
    const quantity = { up: per, down: per, ping: micro, connect: micro, together: milli }[command];
    return nanoseconds.map((each) => quantity(each, amount));
  };
}

const per = (nanoseconds: number, bytes: number): number => bytes / nanoseconds;
const micro = (nanoseconds: number): number => nanoseconds / 1e3;
const milli = (nanoseconds: number): number => nanoseconds / 1e6;

type Measure = () => Promise<readonly number[]>;

/** Both in turns. */
async function beside(bench: Bench, plain: Measure, ours: Measure): Promise<Pick<Row, "ours" | "reference">> {
  const samples: Record<"ours" | "plain", number[]> = { ours: [], plain: [] };
  for (let round = -1; round < bench.runs(5); round++) {
    const values = { plain: await plain(), ours: await ours() };
    if (round < 0) continue;
    samples.plain.push(...values.plain);
    samples.ours.push(...values.ours);
  }
  return { ours: samples.ours, reference: { name: "plain loopback", samples: samples.plain } };
}

/** Pairs of starts, one after the other: how much longer the one with a way out takes. Names and addresses are in it too. */
async function starts(bench: Bench): Promise<Row> {
  const more: number[] = [];
  for (let round = -1; round < bench.runs(40); round++) {
    const without = await startOne(bench, "none");
    const withUplink = await startOne(bench, "default");
    if (round >= 0) more.push(withUplink - without);
  }
  return { what: "start with a way out, beyond one without a network", unit: "ms", ours: more, must: { kind: "at-most", value: 0.5 } };
}

async function startOne(bench: Bench, networkMode: "default" | "none"): Promise<number> {
  let container: Pick<Running, "stop"> | undefined;
  await sleep(60);
  const time = await timed(async () => {
    container = await bench.ours.startIdle(BUSYBOX, networkMode);
  });
  await container?.stop();
  return time;
}
