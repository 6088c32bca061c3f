/** One ssh: its words are kept for errors, and it ends with whoever started it. */
import { type ChildProcess, spawn } from "node:child_process";

const KEPT_CHARACTERS = 2000;

export class SshProcess {
  readonly child: ChildProcess;
  /** How it ended; never rejects. */
  readonly ended: Promise<Error>;
  #said = "";

  /** @param command ssh itself, or a shell that runs it */
  constructor(host: string, command: readonly string[], environment: NodeJS.ProcessEnv) {
    const [program = "", ...args] = command;
    // In a session of its own: Ctrl-C in a terminal is not meant for it. The end of its standard input is what ends it.
    this.child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: environment, detached: true, windowsHide: true });
    // It has none of them where no descriptors are left; `error` tells.
    this.child.stdin?.on("error", () => {});
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-KEPT_CHARACTERS);
    });
    this.ended = new Promise((resolve) => {
      this.child.once("error", (error: NodeJS.ErrnoException) =>
        resolve(
          new Error(error.code === "ENOENT" ? "there is no ssh on the PATH" : `ssh can't be run: ${error.message}`, { cause: error }),
        ),
      );
      // Not `exit`: what it said last may come after that.
      this.child.once("close", (code, signal) => {
        const { said } = this;
        resolve(new Error(said === "" ? `ssh to ${host} ended with ${signal ?? `exit code ${code}`}` : `ssh to ${host}: ${said}`));
      });
    });
    this.keepAlive(false);
  }

  /** The end of what it and the other side wrote to standard error. */
  get said(): string {
    return this.#said.trim().replace(/\r/g, "");
  }

  /** Exit code of ssh for its own failures, as against those of the command on the other side (ssh(1)). */
  get failedToConnect(): boolean {
    return this.child.exitCode === 255;
  }

  /** Whether Node goes on for its sake. */
  keepAlive(keep: boolean): void {
    for (const each of [this.child, this.child.stdin, this.child.stdout, this.child.stderr] as readonly (
      | { ref?: () => void; unref?: () => void }
      | undefined
    )[])
      keep ? each?.ref?.() : each?.unref?.();
  }

  /** With everything that it started itself. */
  kill(): void {
    try {
      if (this.child.pid !== undefined && process.platform !== "win32") process.kill(-this.child.pid, "SIGTERM");
      else this.child.kill();
    } catch {
      // It has ended.
    }
  }
}
