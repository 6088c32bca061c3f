/** Time of a command that does nothing in a container that runs, until its exit code is known. */
import { type Benchmark, besidePeer, compare, HTTPD, timed } from "./benchmark.js";
import type { Running, Side } from "./side.js";

export const exec: Benchmark = {
  name: "exec",
  async run(bench) {
    const containers = new Map<Side, Running>();
    try {
      for (const side of [bench.ours, bench.peer]) if (side) containers.set(side, await side.start(HTTPD));
      const times = await compare(bench, bench.runs(30), (side) => timed(async () => containers.get(side)?.exec(["true"])));
      return [
        {
          what: "exec of true",
          unit: "ms",
          ours: times.ours,
          reference: besidePeer(bench, times),
          must: { kind: "at-most", value: 5 },
          aim: { kind: "at-most", value: 2 },
        },
      ];
    } finally {
      await Promise.all([...containers.values()].map((container) => container.stop()));
    }
  },
};
