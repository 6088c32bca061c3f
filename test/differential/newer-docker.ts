/** Docker of a newer Debian, unpacked by scripts/unpack-newer-docker.sh, and a daemon of it. */
import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Engine } from "../../src/engine/engine.js";
import { type Dockerd, startDockerd } from "../bench/peers/dockerd.js";

const run = promisify(execFile);

export interface NewerDocker extends AsyncDisposable {
  /** For whatever runs the docker command. */
  readonly env: NodeJS.ProcessEnv;
  /** Takes an image over from an engine, under the same name. */
  load(engine: Engine, reference: string): Promise<void>;
}

/** @param unpacked below .cache. @param directory for the daemon's data. From here on this process finds that Docker first. */
export async function startNewerDocker(unpacked: "docker" | "docker-checks", directory: string): Promise<NewerDocker> {
  const usr = fileURLToPath(new URL(`../../.cache/${unpacked}/usr`, import.meta.url));
  process.env["PATH"] = [path.join(usr, "bin"), path.join(usr, "sbin"), process.env["PATH"]].join(path.delimiter);
  await mkdir(path.join(directory, "cli-plugins"), { recursive: true });
  await symlink(path.join(usr, "libexec/docker/cli-plugins/docker-buildx"), path.join(directory, "cli-plugins/docker-buildx"));
  const dockerd: Dockerd = await startDockerd(directory);
  const env = { ...process.env, DOCKER_HOST: dockerd.host, DOCKER_CONFIG: dockerd.directory, DOCKER_BUILDKIT: "1" };
  return {
    env,
    async load(engine, reference) {
      const loading = run("docker", ["load"], { env });
      (await engine.images.save([reference])).pipe(loading.child.stdin!);
      await loading;
    },
    [Symbol.asyncDispose]: () => dockerd[Symbol.asyncDispose](),
  };
}
