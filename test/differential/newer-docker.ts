/** Docker of a newer Debian, unpacked by scripts/unpack-newer-docker.sh: a daemon of it beside an engine of ours. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";

const run = promisify(execFile);

/** Caisson and that Docker, for the tests of one file. */
export interface BothBuilders {
  /** Gone with the last test. */
  readonly directory: string;
  readonly engine: Engine;
  /** For whatever runs the docker command. */
  readonly env: NodeJS.ProcessEnv;
}

/** @param unpacked below .cache: from here on this process finds that Docker first. @param images makes images in the engine that both are to have */
export function useBothBuilders(
  unpacked: "docker" | "docker-checks",
  images: (engine: Engine) => Promise<readonly string[]>,
): BothBuilders {
  const both: { -readonly [K in keyof BothBuilders]: BothBuilders[K] } = {} as BothBuilders;
  let dockerd: Dockerd | undefined;
  beforeAll(async () => {
    both.directory = await mkdtemp(path.join(tmpdir(), "caisson-differential-"));
    dockerd = await startNewerDocker(unpacked, path.join(both.directory, "docker"));
    both.env = { ...process.env, DOCKER_HOST: dockerd.host, DOCKER_CONFIG: dockerd.directory, DOCKER_BUILDKIT: "1" };
    both.engine = await openEngine({ home: path.join(both.directory, "home") });
    for (const reference of await images(both.engine)) {
      const loading = run("docker", ["load"], { env: both.env });
      (await both.engine.images.save([reference])).pipe(loading.child.stdin!);
      await loading;
    }
  }, 60_000);
  afterAll(async () => {
    await both.engine?.close();
    await dockerd?.[Symbol.asyncDispose]();
    await rm(both.directory, { recursive: true, force: true });
  }, 60_000);
  return both;
}

async function startNewerDocker(unpacked: string, directory: string): Promise<Dockerd> {
  const usr = fileURLToPath(new URL(`../../.cache/${unpacked}/usr`, import.meta.url));
  process.env["PATH"] = [path.join(usr, "bin"), path.join(usr, "sbin"), process.env["PATH"]].join(path.delimiter);
  await mkdir(path.join(directory, "cli-plugins"), { recursive: true });
  await symlink(path.join(usr, "libexec/docker/cli-plugins/docker-buildx"), path.join(directory, "cli-plugins/docker-buildx"));
  return startDockerd(directory);
}

/** Every fifth one by default: each takes BuildKit a second or two. `CAISSON_DIFFERENTIAL=all` has all of them tried. */
export function someOf<T>(cases: readonly T[]): readonly T[] {
  return process.env["CAISSON_DIFFERENTIAL"] === "all" ? cases : cases.filter((_, index) => index % 5 === 0);
}
