/** Building: ten steps from nothing and unchanged, what a RUN step costs, stages that don't need each other, a context of 20,000 files. */
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { run } from "../fixtures/command.js";
import { type Bench, type Benchmark, BUSYBOX, timed } from "./benchmark.js";
import type { Row } from "./table.js";

const CLI = resolve("dist", "cli", "main.cjs");
const TEN_STEPS = `FROM ${BUSYBOX}\nENV a=b\nWORKDIR /w\nCOPY f .\n${"RUN true\n".repeat(5)}CMD ["x"]\n`;
/** Each stage sleeps for so long: one after the other they would take twice as much. */
const STAGE_SECONDS = 0.3;
const STAGES = `FROM ${BUSYBOX} AS a\nRUN sleep ${STAGE_SECONDS} && touch /a\nFROM ${BUSYBOX} AS b\nRUN sleep ${STAGE_SECONDS} && touch /b\nFROM scratch\nCOPY --from=a /a /\nCOPY --from=b /b /\n`;
const DIRECTORIES = 200;
const FILES_EACH = 100;

export const build: Benchmark = {
  name: "build",
  async run(bench) {
    const context = await writeContext(join(bench.scratch, "build"), TEN_STEPS);
    const { ours, dockerd } = bench;
    const cold: Times = { ours: [], peer: [] };
    const unchanged: Times = { ours: [], peer: [] };
    const commandLine: Times = { ours: [], peer: [] };
    for (let round = 0; round < bench.runs(7); round++) {
      cold.ours.push(await timed(() => ours.build(context, { noCache: true })));
      if (dockerd) cold.peer.push(await timed(() => dockerd.docker("build", "--quiet", "--no-cache", "--network", "none", context)));
      await ours.build(context);
      unchanged.ours.push(await timed(() => ours.build(context)));
      commandLine.ours.push(await timed(() => run(process.execPath, [CLI, "build", "--quiet", context])));
      if (!dockerd) continue;
      await dockerd.docker("build", "--quiet", "--network", "none", context);
      const docker = await timed(() => dockerd.docker("build", "--quiet", "--network", "none", context));
      unchanged.peer.push(docker);
      commandLine.peer.push(docker);
    }
    const peer = (times: Times): Row["reference"] => dockerd && { name: `docker build ${dockerd.version}`, samples: times.peer };
    return [
      {
        what: "build, ten steps, cold",
        unit: "ms",
        ours: cold.ours,
        reference: peer(cold),
        must: { kind: "times-faster", factor: 10 },
        aim: { kind: "times-faster", factor: 25 },
      },
      {
        what: "build, unchanged",
        unit: "ms",
        ours: unchanged.ours,
        reference: peer(unchanged),
        must: { kind: "at-most", value: 15 },
        aim: { kind: "at-most", value: 8 },
      },
      {
        what: "build, unchanged, command line",
        unit: "ms",
        ours: commandLine.ours,
        reference: peer(commandLine),
        must: { kind: "times-faster", factor: 1 },
      },
      await runStep(bench),
      await stages(bench),
      await largeContext(bench),
    ];
  },
};

interface Times {
  readonly ours: number[];
  readonly peer: number[];
}

async function writeContext(directory: string, dockerfile: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "Dockerfile"), dockerfile);
  await writeFile(join(directory, "f"), "content\n");
  return directory;
}

/** The time of a RUN step as the build reports it: its command, `true`, takes next to nothing of that. */
async function runStep(bench: Bench): Promise<Row> {
  const context = await writeContext(join(bench.scratch, "build-run"), `FROM ${BUSYBOX}\n${"RUN true\n".repeat(10)}`);
  const steps = await bench.ours.build(context, { noCache: true });
  return {
    what: "a RUN step of true",
    unit: "ms",
    ours: steps.filter(({ name }) => name.includes("RUN")).map(({ durationMs }) => durationMs),
    must: { kind: "at-most", value: 15 },
  };
}

async function stages(bench: Bench): Promise<Row> {
  const context = await writeContext(join(bench.scratch, "build-stages"), STAGES);
  const times: number[] = [];
  for (let round = 0; round < bench.runs(3); round++) times.push(await timed(() => bench.ours.build(context, { noCache: true })));
  return {
    what: `two stages that sleep ${STAGE_SECONDS * 1000} ms each`,
    unit: "ms",
    ours: times,
    must: { kind: "at-most", value: 1.7 * STAGE_SECONDS * 1000 },
  };
}

async function largeContext(bench: Bench): Promise<Row> {
  const context = await writeContext(join(bench.scratch, "build-large"), `FROM ${BUSYBOX}\nCOPY . /c\n`);
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    await mkdir(join(context, `d${directory}`));
    await Promise.all(
      Array.from({ length: FILES_EACH }, (_, file) => writeFile(join(context, `d${directory}`, `f${file}`), `${directory} ${file}\n`)),
    );
  }
  // Files that changed a moment ago are read again.
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (let round = 0; round < 2; round++) await bench.ours.build(context);
  const times: number[] = [];
  for (let round = 0; round < bench.runs(5); round++) times.push(await timed(() => bench.ours.build(context)));
  return { what: `unchanged, ${DIRECTORIES * FILES_EACH} files`, unit: "ms", ours: times, must: { kind: "at-most", value: 500 } };
}
