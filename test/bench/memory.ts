/** Resident memory of what must run besides the containers, with ten of them running. */

import { residentBytes } from "../fixtures/processes.js";
import { type Benchmark, HTTPD } from "./benchmark.js";
import type { Running, Side } from "./side.js";

const RUNNING = 10;

export const memory: Benchmark = {
  name: "memory",
  async run(bench) {
    const { ours, peer, dockerd } = bench;
    const supervisor = await whileRunning(ours, () => megabytes(ours.helpers()));
    const daemon = peer && dockerd && (await whileRunning(peer, () => megabytes(dockerd.processes())));
    return [
      {
        what: `helper processes, ${RUNNING} containers`,
        unit: "MB",
        ours: [supervisor],
        reference: daemon === undefined ? undefined : { name: "dockerd, containerd, shims, proxies", samples: [daemon] },
        must: { kind: "at-most", value: 4 },
        aim: { kind: "at-most", value: 2 },
      },
    ];
  },
};

async function whileRunning<T>(side: Side, measure: () => Promise<T>): Promise<T> {
  const containers: Running[] = [];
  try {
    for (let index = 0; index < RUNNING; index++) containers.push(await side.start(HTTPD));
    return await measure();
  } finally {
    await Promise.all(containers.map((container) => container.stop()));
  }
}

async function megabytes(pids: Promise<readonly number[]>): Promise<number> {
  const sizes = await Promise.all((await pids).map(residentBytes));
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}
