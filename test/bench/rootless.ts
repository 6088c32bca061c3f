/** The same start as root and as an ordinary user with subordinate ids, who is made for it. */
import { randomInt } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { Cleanup } from "../fixtures/cleanup.js";
import { findProgram, PeerMissing, run } from "../fixtures/command.js";
import { type Benchmark, HTTPD } from "./benchmark.js";

const NEEDED = ["useradd", "userdel", "setpriv", "newuidmap"] as const;
/** Of the package and what it needs at run time, which the user may not be able to read where it is. */
const FILES = ["dist", "package.json", "native/build/caisson-supervisor", "node_modules/undici", "node_modules/fzstd"] as const;
const CLIENT = "test/bench/fixtures/starts.mjs";
/** In turns, so that what else the machine does hits both. */
const TURNS = 4;

export const rootless: Benchmark = {
  name: "rootless",
  async run(bench) {
    if (process.getuid?.() !== 0) throw new PeerMissing("it makes a user, which takes root");
    for (const program of NEEDED) {
      if ((await findProgram(program)) === undefined)
        throw new PeerMissing(`${program} is missing: apt-get install uidmap passwd util-linux`);
    }
    const cleanup = new Cleanup();
    try {
      const user = await makeUser(cleanup);
      const rounds = Math.ceil(bench.runs(20) / TURNS);
      const starts = async (prefix: readonly string[], home: string): Promise<number[]> => {
        const client = [
          process.execPath,
          join(user.home, CLIENT),
          user.home,
          join(user.home, "rootfs.tar"),
          String(rounds),
          String(HTTPD.port),
        ];
        const environment = ["env", `HOME=${home}`, `CAISSON_HOME=${join(home, "caisson")}`, "CAISSON_SUPERVISOR="];
        return JSON.parse(await run("setpriv", [...prefix, ...environment, ...client, ...HTTPD.command]));
      };
      const own = join(bench.scratch, "rootless");
      await mkdir(own);
      const times: Record<"root" | "user", number[]> = { root: [], user: [] };
      for (let turn = 0; turn < TURNS; turn++) {
        times.root.push(...(await starts([], own)));
        times.user.push(...(await starts([`--reuid=${user.name}`, `--regid=${user.name}`, "--init-groups"], user.home)));
      }
      return [
        {
          what: "start as a user, listening-port wait",
          unit: "ms",
          ours: times.user,
          reference: { name: "the same as root", samples: times.root },
          must: { kind: "times-faster", factor: 0.5 },
          aim: { kind: "times-faster", factor: 1 },
        },
      ];
    } finally {
      await cleanup[Symbol.asyncDispose]();
    }
  },
};

async function makeUser(cleanup: Cleanup): Promise<{ readonly name: string; readonly home: string }> {
  const name = `caisson-bench-${randomInt(36 ** 5).toString(36)}`;
  const home = await mkdtemp(join(tmpdir(), "caisson-bench-"));
  cleanup.defer(() => rm(home, { recursive: true, force: true }));
  await run("useradd", ["--no-create-home", "--home-dir", home, name]);
  cleanup.defer(() => run("userdel", [name]));
  for (const file of [...FILES, CLIENT]) await cp(file, join(home, file), { recursive: true });
  await writeFile(join(home, "rootfs.tar"), await busyboxRootfs());
  await run("chown", ["-R", `${name}:`, home]);
  return { name, home };
}
