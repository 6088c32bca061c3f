/** Pulling images of about 600 MB from a registry on this machine, until they could be started; `docker pull` beside it. */
import { join } from "node:path";
import { run } from "../fixtures/command.js";
import { startRegistry } from "../fixtures/registry.js";
import { type Bench, type Benchmark, timed } from "./benchmark.js";
import { type BigImage, ensureBigImage, ONE_LAYER, TEN_LAYERS } from "./fixtures/big-image.js";
import type { Row } from "./table.js";

export const pull: Benchmark = {
  name: "pull",
  async run(bench) {
    await using registry = await startRegistry(join(bench.cache, "registry"), bench.scratch);
    return [
      await measure(bench, registry.host, ONE_LAYER, "pull, 600 MB in one gzip layer"),
      await measure(bench, registry.host, TEN_LAYERS, "pull, 600 MB in ten gzip layers"),
    ];
  },
};

async function measure(bench: Bench, registry: string, image: BigImage, what: string): Promise<Row> {
  bench.note(`${what}: the image is generated on first use, which takes half a minute`);
  const reference = await ensureBigImage(image, registry, bench.scratch);
  const { ours, dockerd } = bench;
  const times: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
  for (let round = 0; round < bench.runs(3); round++) {
    times.ours.push(await onQuietDisk(() => ours.pull(reference)));
    await ours.removeImage(reference);
    if (dockerd === undefined) continue;
    times.peer.push(await onQuietDisk(() => dockerd.docker("pull", "--quiet", reference)));
    await dockerd.docker("image", "rm", reference);
  }
  return {
    what,
    unit: "ms",
    ours: times.ours,
    reference: dockerd && { name: `docker pull ${dockerd.version}`, samples: times.peer },
    must: { kind: "times-faster", factor: 4 },
    aim: { kind: "times-faster", factor: 10 },
  };
}

/** Nobody pays for what somebody else has written before. */
async function onQuietDisk(work: () => Promise<unknown>): Promise<number> {
  await run("sync", []);
  return timed(work);
}
