/**
 * What the supervisor still holds after many containers have come and gone. The first containers warm it up: pools and
 * allocator settle. Then everything is counted, 200 start and stop one after the other, 30 at once, and it is counted again.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { residentBytes } from "../fixtures/processes.js";
import { type Benchmark, HTTPD } from "./benchmark.js";
import type { OurSide } from "./side.js";
import type { Row, Unit } from "./table.js";

const IN_A_ROW = 200;
const AT_ONCE = 30;

export const leaks: Benchmark = {
  name: "leaks",
  async run(bench) {
    await atOnce(bench.ours, AT_ONCE);
    const before = await holdings(bench.ours);
    for (let index = 0; index < IN_A_ROW; index++) await atOnce(bench.ours, 1);
    await atOnce(bench.ours, AT_ONCE);
    const after = await holdings(bench.ours);
    const what = `left after ${IN_A_ROW} in a row and ${AT_ONCE} at once`;
    const row = (of: string, key: keyof Holdings, unit: Unit, allowed: number): Row => ({
      what: `${of} ${what}`,
      unit,
      ours: [after[key] - before[key]],
      must: { kind: "at-most", value: allowed },
    });
    return [
      row("descriptors", "descriptors", "", 0),
      row("mounts", "mounts", "", 0),
      row("cgroups", "cgroups", "", 0),
      row("files", "files", "", 0),
      // An allocator may keep a page more or less.
      row("memory", "megabytes", "MB", 0.2),
    ];
  },
};

async function atOnce(side: OurSide, count: number): Promise<void> {
  const containers = await Promise.all(Array.from({ length: count }, () => side.start(HTTPD)));
  await Promise.all(containers.map((container) => container.stop()));
}

interface Holdings {
  readonly descriptors: number;
  readonly mounts: number;
  readonly cgroups: number;
  readonly files: number;
  readonly megabytes: number;
}

async function holdings(side: OurSide): Promise<Holdings> {
  const pids = await side.helpers();
  const session = await side.sessionDirectory();
  const cgroups = (await readFile(join(session, "cgroups"), "utf8")).trim().split("\n");
  const sum = async (count: (pid: number) => Promise<number>) => (await Promise.all(pids.map(count))).reduce((a, b) => a + b, 0);
  return {
    descriptors: await sum(async (pid) => (await readdir(`/proc/${pid}/fd`)).length),
    mounts: await sum(async (pid) => (await readFile(`/proc/${pid}/mountinfo`, "utf8")).split("\n").length),
    cgroups: (await Promise.all(cgroups.map(directoriesBelow))).reduce((a, b) => a + b, 0),
    files: (await readdir(session, { recursive: true })).length,
    megabytes: (await sum(residentBytes)) / 1e6,
  };
}

/** Of v1's controllers some have a directory of the session's only once a container is limited. */
async function directoriesBelow(directory: string): Promise<number> {
  if (!existsSync(directory)) return 0;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).length;
}
