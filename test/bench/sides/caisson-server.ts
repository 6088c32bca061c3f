/** `caisson serve` as a process of its own, with a data root of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { busyboxRootfs } from "../../fixtures/busybox-image.js";
import { run } from "../../fixtures/command.js";

export interface CaissonServer extends AsyncDisposable {
  /** As DOCKER_HOST takes it. */
  readonly host: string;
  readonly pid: number;
}

const MAIN = resolve("dist", "cli", "main.cjs");

/** @param image the busybox image's name @param directory made before, removed by the caller */
export async function startServer(directory: string, image: string): Promise<CaissonServer> {
  const env = { CAISSON_HOME: join(directory, "server-home"), CAISSON_ENGINE: "builtin" };
  const rootfs = join(directory, "busybox.tar");
  await writeFile(rootfs, await busyboxRootfs());
  await run(process.execPath, [MAIN, "import", rootfs, image], env);
  const host = `unix://${join(directory, "server.sock")}`;
  const child = spawn(process.execPath, [MAIN, "serve", "-H", host], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await listening(child);
  return {
    host,
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((ended) => child.once("exit", ended));
      child.kill("SIGTERM");
      await gone;
    },
  };
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((listens, failed) => {
    child.stdout?.once("data", () => listens());
    child.once("exit", (code) => failed(new Error(`caisson serve exited with ${code}`)));
  });
}
