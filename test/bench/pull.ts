/**
 * Pulling images of about 600 MB from a registry on this machine, until they could be started; `docker pull` beside it. Every round
 * pulls another image, and nothing is removed before the end: who pulls after somebody has removed an image would pay for that.
 */
import { freemem } from "node:os";
import { join } from "node:path";
import { run } from "../fixtures/command.js";
import { startRegistry } from "../fixtures/registry.js";
import { type Bench, type Benchmark, timed } from "./benchmark.js";
import { type BigImage, ensureBigImage, oneLayer, tenLayers } from "./fixtures/big-image.js";
import type { Row } from "./table.js";

/** More than either side needs for one image and what it writes behind. */
const TOUCHED_BYTES = 3 * 2 ** 30;

export const pull: Benchmark = {
  name: "pull",
  async run(bench) {
    await using registry = await startRegistry(join(bench.cache, "registry"), bench.scratch);
    return [
      await measure(bench, registry.host, oneLayer, "pull, 600 MB in one gzip layer"),
      await measure(bench, registry.host, tenLayers, "pull, 600 MB in ten gzip layers"),
    ];
  },
};

async function measure(bench: Bench, registry: string, image: (round: number) => BigImage, what: string): Promise<Row> {
  bench.note(`${what}: an image a round is generated on first use, which takes half a minute each`);
  const { ours, dockerd } = bench;
  const times: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
  const rounds = Array.from({ length: bench.runs(3) }, (_, round) => image(round));
  const references: string[] = [];
  for (const generated of rounds) references.push(await ensureBigImage(generated, registry, bench.scratch));
  for (const reference of references) {
    times.ours.push(await onQuietMachine(() => ours.pull(reference)));
    if (dockerd === undefined) continue;
    times.peer.push(await onQuietMachine(() => dockerd.docker("pull", "--quiet", reference)));
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

/**
 * Nobody pays for what somebody else has written before, nor for memory that a virtual machine gets from its host only when it is first
 * touched: it is touched now.
 */
async function onQuietMachine(work: () => Promise<unknown>): Promise<number> {
  await run("sync", []);
  const bytes = Math.floor(Math.min(TOUCHED_BYTES, freemem() / 2));
  await run("dd", ["if=/dev/zero", "of=/dev/null", `bs=${bytes}`, "count=1", "iflag=fullblock"]);
  return timed(work);
}
