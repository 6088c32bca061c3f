/** `npm run bench`: measures Caisson beside testcontainers-node on dockerd and prints a table. */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { Cleanup } from "../fixtures/cleanup.js";
import { PeerMissing } from "../fixtures/command.js";
import { startDockerd } from "../fixtures/dockerd.js";
import { type Bench, type Benchmark, BUSYBOX } from "./benchmark.js";
import { build } from "./build.js";
import { exec } from "./exec.js";
import { followers } from "./followers.js";
import { health } from "./health.js";
import { importing } from "./import.js";
import { leaks } from "./leaks.js";
import { takeTurn } from "./lock.js";
import { memory } from "./memory.js";
import { networks } from "./networks.js";
import { type BenchOptions, parseOptions, USAGE } from "./options.js";
import { mountOwnFileSystem } from "./own-file-system.js";
import { parallel } from "./parallel.js";
import { ports } from "./ports.js";
import { pull } from "./pull.js";
import { remote } from "./remote.js";
import { rootless } from "./rootless.js";
import { server } from "./server.js";
import { openCaisson } from "./sides/caisson.js";
import { installTestcontainers, openTestcontainers } from "./sides/testcontainers.js";
import { start } from "./start.js";
import { stop } from "./stop.js";
import { formatTable, type Row } from "./table.js";
import { uplink } from "./uplink.js";

const BENCHMARKS: readonly Benchmark[] = [
  start,
  rootless,
  health,
  parallel,
  stop,
  exec,
  ports,
  networks,
  uplink,
  memory,
  leaks,
  importing,
  build,
  pull,
  remote,
  server,
  followers,
];
const CACHE = resolve(".cache", "bench");

async function main(): Promise<void> {
  const options = parseOptions(
    process.argv.slice(2),
    BENCHMARKS.map((benchmark) => benchmark.name),
  );
  const cleanup = new Cleanup();
  try {
    const turn = await takeTurn(console.log);
    cleanup.defer(() => turn.close());
    const bench = await setUp(options, cleanup);
    const rows: Row[] = [];
    for (const benchmark of BENCHMARKS) {
      if (options.only.length > 0 && !options.only.includes(benchmark.name)) continue;
      rows.push(...(await measure(benchmark, bench)));
    }
    console.log(`\n${formatTable(rows)}`);
    if (options.json !== undefined) await writeFile(options.json, JSON.stringify(rows, undefined, 2));
  } finally {
    await cleanup[Symbol.asyncDispose]();
  }
}

/** One that can't run here is said so and does not keep the others from running. */
async function measure(benchmark: Benchmark, bench: Bench): Promise<readonly Row[]> {
  const load = loadavg()[0]?.toFixed(2);
  try {
    const rows = await benchmark.run(bench);
    console.log(`${benchmark.name}: done, load average before ${load}, after ${loadavg()[0]?.toFixed(2)}`);
    return rows;
  } catch (error) {
    if (!(error instanceof PeerMissing)) throw error;
    console.log(`${benchmark.name}: left out, ${error.message}`);
    return [];
  }
}

async function setUp(options: BenchOptions, cleanup: Cleanup): Promise<Bench> {
  await mkdir(CACHE, { recursive: true });
  // The kernel tells of mounts by their real paths.
  const scratch = await mkdtemp(join(await realpath(CACHE), "run-"));
  cleanup.defer(() => rm(scratch, { recursive: true, force: true }));
  const where = await mountOwnFileSystem(scratch, cleanup);
  console.log(`Node ${process.version}, Linux ${(await readFile("/proc/sys/kernel/osrelease", "utf8")).trim()}, ${where}`);
  const ours = await openCaisson(join(scratch, "home"));
  cleanup.defer(() => ours[Symbol.asyncDispose]());
  const peers = options.peers ? await openPeers(scratch, cleanup) : undefined;
  const rootfs = await busyboxRootfs();
  await ours.importImage(BUSYBOX, rootfs);
  await peers?.peer.importImage(BUSYBOX, rootfs);
  return {
    ours,
    peer: peers?.peer,
    dockerd: peers?.dockerd,
    peerPrefix: peers?.peerPrefix,
    runs: (enough) => options.runs ?? enough,
    cache: CACHE,
    scratch,
    note: (text) => console.log(text),
  };
}

async function openPeers(scratch: string, cleanup: Cleanup) {
  try {
    const dockerd = await startDockerd(join(scratch, "docker"));
    cleanup.defer(() => dockerd[Symbol.asyncDispose]());
    const peerPrefix = await installTestcontainers(CACHE);
    return { dockerd, peerPrefix, peer: await openTestcontainers(peerPrefix, dockerd) };
  } catch (error) {
    if (!(error instanceof PeerMissing)) throw error;
    console.log(`Nothing to compare with: ${error.message}`);
    return undefined;
  }
}

main().catch((error: unknown) => {
  console.error(error);
  console.error(USAGE);
  process.exitCode = 1;
});
