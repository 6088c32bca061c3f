/** The server of a data root, started where none runs. Of commands that start one at once, the server's own claim of the data root lets one through. */
import { spawn } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../../engine/errors.js";
import { ownerOf, serverRunning } from "../../engine/server/ownership.js";
import { answers } from "../../engine/server/socket-answers.js";

/** Until a server that somebody else has started listens, or one that ends is gone. */
const PATIENCE_MS = 30_000;
const DEFAULT_IDLE_EXIT = "5m";
const LAST_LINES = 20;

export interface ServerPlace {
  /** Data root. */
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * A server that somebody has started on another socket is used where it is.
 * @returns the address, as DOCKER_HOST takes it
 * @throws ENGINE_UNAVAILABLE with the end of the server's log; SERVER_RUNNING where the one that runs listens on TCP alone
 */
export async function ensureServer({ root, environment }: ServerPlace): Promise<string> {
  await mkdir(root, { recursive: true });
  const socket = path.join(root, "caisson.sock");
  const lock = path.join(root, "server.lock");
  const log = path.join(root, "server.log");
  const end = Date.now() + PATIENCE_MS;
  // Earlier servers have written to it, too.
  const { size: logged } = await stat(log).catch(() => ({ size: 0 }));
  for (;;) {
    // Before the look: what happens in between must not be missed.
    const change = nextChange(root, end);
    try {
      if (await answers(socket)) return `unix://${socket}`;
      const elsewhere = await listeningElsewhere(lock, root);
      if (elsewhere !== undefined) return elsewhere;
      if (await start(log, environment)) return `unix://${socket}`;
      const lost = existsSync(lock);
      if (!lost || Date.now() >= end) throw await failure(log, logged);
      if (await answers(socket)) return `unix://${socket}`;
      await change.seen;
    } finally {
      change.stop();
    }
  }
}

/** @returns undefined where no server listens yet, or any more. @throws SERVER_RUNNING */
async function listeningElsewhere(lock: string, root: string): Promise<string | undefined> {
  const owner = await ownerOf(lock);
  if (owner?.host === undefined) return undefined;
  // Which certificates such a server takes is not known here.
  if (!owner.host.startsWith("unix://")) throw serverRunning(owner, `the data root ${root}`);
  return (await answers(owner.host.slice("unix://".length))) ? owner.host : undefined;
}

/** @returns false when it has ended instead of listening */
async function start(log: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const errors = await open(log, "a", 0o600);
  try {
    const { DOCKER_HOST: _, CAISSON_SERVER_IDLE_EXIT: idle = DEFAULT_IDLE_EXIT, ...rest } = environment;
    const main = process.argv[1] ?? "";
    const child = spawn(process.execPath, [main, "serve", "--idle-exit", idle], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", "pipe", errors.fd],
      env: { ...rest, CAISSON_ENGINE: "builtin" },
    });
    const listens = await new Promise<boolean>((resolve) => {
      child.stdout?.once("data", () => resolve(true));
      child.once("exit", () => resolve(false)).once("error", () => resolve(false));
    });
    child.stdout?.destroy();
    child.unref();
    return listens;
  } finally {
    await errors.close();
  }
}

/** Sees the socket come, and the lock of a server go. */
function nextChange(directory: string, end: number): { readonly seen: Promise<void>; stop(): void } {
  const watcher = watch(directory);
  let timer: NodeJS.Timeout | undefined;
  const seen = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, end - Date.now()));
    watcher.on("error", () => resolve());
    watcher.on("change", (_, name) => {
      if (name === "caisson.sock" || name === "server.lock") resolve();
    });
  });
  return {
    seen,
    stop() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

async function failure(log: string, from: number): Promise<CaissonError<"ENGINE_UNAVAILABLE">> {
  const text = (await readFile(log).catch(() => Buffer.alloc(0))).subarray(from).toString().trimEnd();
  const lines = text === "" ? [] : text.split("\n").slice(-LAST_LINES);
  return new CaissonError("ENGINE_UNAVAILABLE", "The server of containers that stay did not start", {
    facts: { tried: [{ engine: "server", reason: lines.at(-1) ?? "it said nothing" }] },
    evidence: [`The end of ${log}:`, ...lines],
    remedy: "`caisson doctor` tells what is missing; DOCKER_HOST names a daemon to use instead.",
  });
}
