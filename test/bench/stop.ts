/** Time until `stop()` resolves: the container has ended and is removed. */
import { type Benchmark, besidePeer, compare, HTTPD, timed } from "./benchmark.js";

export const stop: Benchmark = {
  name: "stop",
  async run(bench) {
    const times = await compare(bench, bench.runs(20), async (side) => {
      const container = await side.start(HTTPD);
      return timed(() => container.stop());
    });
    return [
      {
        what: "stop",
        unit: "ms",
        ours: times.ours,
        reference: besidePeer(bench, times),
        must: { kind: "times-faster", factor: 15 },
        aim: { kind: "times-faster", factor: 25 },
      },
    ];
  },
};
