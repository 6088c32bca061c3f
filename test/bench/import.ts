/** What the package costs before it does anything: time of its import, size of its installed tree. */
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "../fixtures/command.js";
import type { Benchmark } from "./benchmark.js";
import type { Row } from "./table.js";

const OURS = join("dist", "index.js");

export const importing: Benchmark = {
  name: "import",
  async run(bench) {
    const runs = bench.runs(10);
    const ours: number[] = [];
    const peer: number[] = [];
    for (let round = -1; round < runs; round++) {
      const time = await importTime(`await import(${JSON.stringify(pathToFileURL(OURS).href)})`);
      const peerTime =
        bench.peerPrefix === undefined
          ? undefined
          : await importTime(`require(${JSON.stringify(join(bench.peerPrefix, "node_modules", "testcontainers"))})`);
      if (round < 0) continue;
      ours.push(time);
      if (peerTime !== undefined) peer.push(peerTime);
    }
    const name = bench.peer?.name ?? "testcontainers";
    return [
      {
        what: "import of the package",
        unit: "ms",
        ours,
        reference: bench.peerPrefix === undefined ? undefined : { name, samples: peer },
        must: { kind: "at-most", value: 60 },
        aim: { kind: "at-most", value: 30 },
      },
      await installedSize(join(bench.scratch, "installed"), bench.peerPrefix, name),
    ];
  },
};

/** In a fresh process, without Node's own start. */
async function importTime(expression: string): Promise<number> {
  const kind = expression.startsWith("require") ? "commonjs" : "module";
  const script = `const start = performance.now(); ${expression}; console.log(performance.now() - start)`;
  return Number(await run(process.execPath, [`--input-type=${kind}`, "--eval", script]));
}

/** Packs and installs the package as a user would, and adds up what then lies on the disk. */
async function installedSize(directory: string, peerPrefix: string | undefined, name: string): Promise<Row> {
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(join(directory, "package.json"), '{"private":true}');
    const [packed] = JSON.parse(await run("npm", ["pack", "--json", "--silent", "--ignore-scripts", "--pack-destination", directory])) as {
      filename: string;
    }[];
    const tarball = join(directory, packed?.filename ?? "");
    await run("npm", ["install", "--prefix", directory, "--omit=dev", "--no-audit", "--no-fund", "--silent", tarball]);
    const peer = peerPrefix && [await megabytesBelow(join(peerPrefix, "node_modules"))];
    return {
      what: "installed tree",
      unit: "MB",
      ours: [await megabytesBelow(join(directory, "node_modules"))],
      reference: peer ? { name, samples: peer } : undefined,
      must: { kind: "at-most", value: 8 },
      aim: { kind: "at-most", value: 4 },
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function megabytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}
