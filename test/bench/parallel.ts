/** Ten containers at once: until all of them listen, and until all of them are gone. */
import { type Benchmark, besidePeer, compare, HTTPD, timed } from "./benchmark.js";
import type { Running } from "./side.js";

const AT_ONCE = 10;

export const parallel: Benchmark = {
  name: "parallel",
  async run(bench) {
    const stops: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
    const starts = await compare(bench, bench.runs(5), async (side) => {
      let containers: Running[] = [];
      const time = await timed(async () => {
        containers = await Promise.all(Array.from({ length: AT_ONCE }, () => side.start(HTTPD)));
      });
      stops[side === bench.ours ? "ours" : "peer"].push(await timed(() => Promise.all(containers.map((container) => container.stop()))));
      return time;
    });
    // compare() drops its first round; so must we.
    const ends = { ours: stops.ours.slice(1), peer: stops.peer.slice(1) };
    return [
      {
        what: `start, ${AT_ONCE} at once`,
        unit: "ms",
        ours: starts.ours,
        reference: besidePeer(bench, starts),
        must: { kind: "times-faster", factor: 25 },
        aim: { kind: "times-faster", factor: 50 },
      },
      { what: `stop, ${AT_ONCE} at once`, unit: "ms", ours: ends.ours, reference: besidePeer(bench, ends) },
    ];
  },
};
