/**
 * What a published port costs: throughput and 64-byte round trips through it, beside plain loopback in the same run.
 *
 * Round trips are taken twice. "One CPU" pins client, relay and server together: it counts the work on the way. "Any
 * CPU" leaves the scheduler alone, and then on a virtual machine mostly counts how long idle CPUs take to wake up.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Bench, type Benchmark, BUSYBOX } from "./benchmark.js";
import { buildProgram, type Endpoint, startLoopbackServer, Traffic } from "./fixtures/traffic.js";
import type { Side } from "./side.js";
import type { Row } from "./table.js";

const PORT = 9000;
const BYTES = 2_000_000_000;
const ROUND_TRIPS = 10_000;
const CONNECTS = 500;

type Measure = (traffic: Traffic, endpoint: Endpoint) => Promise<readonly number[]>;

export const ports: Benchmark = {
  name: "ports",
  async run(bench) {
    const directory = join(bench.cache, "traffic");
    await mkdir(directory, { recursive: true });
    const program = await buildProgram("traffic", directory);
    const traffic = new Traffic(program);
    await using loopback = await startLoopbackServer(program, bench.scratch);
    await using ours = await serve(bench.ours, program);
    await using peer = bench.peer && (await serve(bench.peer, program));
    const ends = { loopback, ours, peer };
    const rounds = bench.runs(5);
    const up = await inTurns(traffic, ends, rounds, (t, end) => t.throughput("up", end, BYTES));
    const down = await inTurns(traffic, ends, rounds, (t, end) => t.throughput("down", end, BYTES));
    const anyCpu = await inTurns(traffic, ends, rounds, (t, end) => t.roundTrips(end, ROUND_TRIPS));
    const oneCpu = await inTurns(traffic, ends, rounds, (t, end) => t.roundTripsOnOneCpu(end, ROUND_TRIPS));
    const connects = await inTurns(traffic, ends, rounds, (t, end) => t.connects(end, CONNECTS));
    const share = { must: { kind: "share", part: 0.7 }, aim: { kind: "share", part: 0.85 } } as const;
    return [
      ...rows("published port, client to server", "GB/s", up, bench, share),
      ...rows("published port, server to client", "GB/s", down, bench, share),
      ...rows("64-byte round trip, one CPU", "us", oneCpu, bench, {
        must: { kind: "at-most", value: 60 },
        aim: { kind: "at-most", value: 45 },
      }),
      ...rows("64-byte round trip, any CPU", "us", anyCpu, bench),
      ...rows("connect and round trip", "us", connects, bench),
    ];
  },
};

/** Starts the server in a container of that side. */
async function serve(side: Side, program: string): Promise<Endpoint & AsyncDisposable> {
  const container = await side.start({ image: BUSYBOX, command: [program, "serve", String(PORT)], port: PORT, files: [program] });
  return {
    host: container.host,
    port: container.mappedPort,
    processes: await container.processes(),
    [Symbol.asyncDispose]: () => container.stop(),
  };
}

interface Results {
  readonly loopback: number[];
  readonly ours: number[];
  readonly peer: number[];
}

async function inTurns(
  traffic: Traffic,
  ends: { readonly loopback: Endpoint; readonly ours: Endpoint; readonly peer: Endpoint | undefined },
  rounds: number,
  measure: Measure,
): Promise<Results> {
  const results: Results = { loopback: [], ours: [], peer: [] };
  for (let round = -1; round < rounds; round++) {
    for (const who of ["loopback", "ours", "peer"] as const) {
      const end = ends[who];
      if (end === undefined) continue;
      const samples = await measure(traffic, end);
      if (round >= 0) results[who].push(...samples);
    }
  }
  return results;
}

/** One line beside loopback, with the limits, and one beside the peer. */
function rows(what: string, unit: Row["unit"], results: Results, bench: Bench, limits: Pick<Row, "must" | "aim"> = {}): Row[] {
  const beside: Row[] = [{ what, unit, ours: results.ours, reference: { name: "plain loopback", samples: results.loopback }, ...limits }];
  if (bench.peer) beside.push({ what, unit, ours: results.ours, reference: { name: bench.peer.name, samples: results.peer } });
  return beside;
}
