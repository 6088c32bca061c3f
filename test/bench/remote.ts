/** Caisson as the client of a daemon, beside testcontainers-node on the same one: time of a start, waits included, and memory. */
import { resolve } from "node:path";
import { PeerMissing, run } from "../fixtures/command.js";
import { type Benchmark, besidePeer, compare, HTTPD, timed } from "./benchmark.js";
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
    try {
      const stops: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
      const starts = await compare({ ...bench, ours }, bench.runs(20), async (side) => {
        let container: Running | undefined;
        const time = await timed(async () => {
          container = await side.start(HTTPD);
        });
        stops[side === ours ? "ours" : "peer"].push(await timed(async () => container?.stop()));
        return time;
      });
      const [bare, client] = [await residentMegabytes([]), await residentMegabytes(clientArguments(dockerd.host))];
      return [
        {
          what: "start on a daemon, listening-port wait",
          unit: "ms",
          ours: starts.ours,
          reference: besidePeer(bench, starts),
          must: { kind: "times-faster", factor: 1.5 },
        },
        { what: "stop on a daemon", unit: "ms", ours: stops.ours, reference: { name: peer.name, samples: stops.peer } },
        {
          what: `client of a daemon, ${RUNNING} containers, beyond Node`,
          unit: "MB",
          ours: [client - bare],
          reference: { name: "a Node process that waits", samples: [bare] },
          must: { kind: "at-most", value: 30 },
        },
      ];
    } finally {
      await ours[Symbol.asyncDispose]();
    }
  },
};

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
