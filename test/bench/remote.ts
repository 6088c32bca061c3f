/** Caisson as the client of a daemon, beside testcontainers-node on the same one: time of a start, waits included, and memory. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PeerMissing, run } from "../fixtures/command.js";
import { BareDaemon } from "./bare-daemon.js";
import { type Benchmark, besidePeer, compare, HTTPD, REST_MS, timed } from "./benchmark.js";
import type { Running } from "./side.js";
import { openCaissonRemote } from "./sides/caisson-remote.js";

const RUNNING = 10;
const CLIENT = "test/bench/fixtures/remote-client.mjs";

export const remote: Benchmark = {
  name: "remote",
  async run(bench) {
    const { dockerd, peer } = bench;
    if (dockerd === undefined || peer === undefined) throw new PeerMissing("it needs dockerd and testcontainers");
    const ours = await openCaissonRemote(dockerd);
    const bare = new BareDaemon(dockerd.host);
    try {
      const floor: number[] = [];
      const stops: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
      const starts = await compare({ ...bench, ours }, bench.runs(20), async (side) => {
        let container: Running | undefined;
        const time = await timed(async () => {
          container = await side.start(HTTPD);
        });
        stops[side === ours ? "ours" : "peer"].push(await timed(async () => container?.stop()));
        if (side === ours) floor.push(await bareStart(bare));
        return time;
      });
      const [idle, client]: [number[], number[]] = [[], []];
      for (let round = 0; round < bench.runs(5); round++) {
        idle.push(await residentMegabytes([]));
        client.push(await residentMegabytes(clientArguments(dockerd.host)));
      }
      return [
        {
          what: "start on a daemon, listening-port wait",
          unit: "ms",
          ours: starts.ours,
          reference: besidePeer(bench, starts),
          must: { kind: "times-faster", factor: 1.5 },
        },
        {
          what: "start on a daemon, beside its own share",
          unit: "ms",
          ours: starts.ours,
          reference: { name: "create, start and inspect, bare", samples: floor },
        },
        { what: "stop on a daemon", unit: "ms", ours: stops.ours, reference: { name: peer.name, samples: stops.peer } },
        {
          what: `client of a daemon, ${RUNNING} containers, beyond Node`,
          unit: "MB",
          ours: client.map((size, round) => size - idle[round]!),
          reference: { name: "a Node process that waits", samples: idle },
          must: { kind: "at-most", value: 30 },
        },
      ];
    } finally {
      bare[Symbol.dispose]();
      await ours[Symbol.asyncDispose]();
    }
  },
};

async function bareStart(daemon: BareDaemon): Promise<number> {
  let id = "";
  await sleep(REST_MS);
  const time = await timed(async () => {
    id = await daemon.start(HTTPD);
  });
  await daemon.remove(id);
  return time;
}

const clientArguments = (host: string): string[] => [
  resolve("dist"),
  host,
  HTTPD.image,
  String(HTTPD.port),
  String(RUNNING),
  ...HTTPD.command,
];

async function residentMegabytes(args: readonly string[]): Promise<number> {
  return Number(await run(process.execPath, [resolve(CLIENT), ...args])) / 1e6;
}
