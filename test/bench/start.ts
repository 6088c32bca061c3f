/** Time until `start()` with a listening-port wait resolves. */
import { type Benchmark, besidePeer, compare, HTTPD, timed } from "./benchmark.js";
import type { Running } from "./side.js";

export const start: Benchmark = {
  name: "start",
  async run(bench) {
    const times = await compare(bench, bench.runs(20), async (side) => {
      let container: Running | undefined;
      const time = await timed(async () => {
        container = await side.start(HTTPD);
      });
      await container?.stop();
      return time;
    });
    return [
      {
        what: "start, listening-port wait",
        unit: "ms",
        ours: times.ours,
        reference: besidePeer(bench, times),
        must: { kind: "times-faster", factor: 30 },
        aim: { kind: "times-faster", factor: 45 },
      },
    ];
  },
};
