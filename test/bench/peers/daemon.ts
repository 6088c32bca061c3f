/** A server process that a benchmark starts, waits for and ends: dockerd, the registry, the loopback server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { PeerMissing } from "./command.js";

export interface Daemon {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface DaemonOptions {
  readonly command: readonly string[];
  /** File for its output. */
  readonly log: string;
  /** Asked again and again until it doesn't throw. */
  readonly ready: () => Promise<unknown>;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 20_000;

/** @throws PeerMissing with the last lines of its output, where it ends or stays silent */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const [program = "", ...args] = options.command;
  const log = await open(options.log, "w");
  const child = spawn(program, args, { stdio: ["ignore", log.fd, log.fd], env: { ...process.env, ...options.env } });
  await log.close();
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (ended()) return;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exit;
    clearTimeout(timer);
  };
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await options.ready();
      return { pid: child.pid ?? 0, stop };
    } catch (error) {
      if (ended() || performance.now() > deadline) {
        await stop();
        const tail = (await readFile(options.log, "utf8")).trim().split("\n").slice(-3).join("\n");
        throw new PeerMissing(`${program} does not start here:\n${tail}`, { cause: error });
      }
      await sleep(30);
    }
  }
}
