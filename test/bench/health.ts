/** Time from the first success of a health check until `start()` resolves, which waits for it. */
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, besidePeer, compare, HTTPD } from "./benchmark.js";

/** Docker's first probe comes after as long. */
const INTERVAL_MS = 1000;

export const health: Benchmark = {
  name: "health",
  async run(bench) {
    const directory = join(bench.scratch, "health");
    const moment = join(directory, "moment");
    await mkdir(directory);
    // The service becomes healthy while it runs, as one does. The last that the check does, when it succeeds first, is to leave a time behind.
    const command = ["sh", "-c", "(sleep 0.3; touch /ready) & exec httpd -f -p 8080"];
    const line = `test -e /ready && { test -s ${moment} || echo x >${moment}; }`;
    const times = await compare(bench, bench.runs(10), async (side) => {
      await writeFile(moment, "");
      await stat(moment); // asked for, the next time that it gets is exact and not that of the last tick
      const container = await side.start({ ...HTTPD, command, directory, healthCheck: { line, intervalMs: INTERVAL_MS } });
      const ready = Date.now();
      const { mtimeMs } = await stat(moment);
      await container.stop();
      return ready - mtimeMs;
    });
    return [
      {
        what: "ready after a health check's first success",
        unit: "ms",
        ours: times.ours,
        reference: besidePeer(bench, times),
        must: { kind: "at-most", value: 20 },
        aim: { kind: "at-most", value: 10 },
      },
    ];
  },
};
