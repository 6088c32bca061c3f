/**
 * A process that outlives this one and removes what the session has made. It holds one end of a pipe: when the other end closes, however
 * this process ended, it wakes up. Until then it is a shell in `read`: a megabyte, no timer, no connection. In a session of its own, so
 * that what a terminal sends to this process (Ctrl-C) doesn't end it, too.
 */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../../package-root.js";
import type { DockerHost } from "../docker-host.js";
import type { TlsFiles } from "../transport/transport.js";

/** What it needs to know, in its environment: a command line can be read by every user. */
export interface WatcherOrder {
  readonly host: DockerHost;
  readonly tls: TlsFiles | undefined;
  readonly session: string;
}

export const ORDER_VARIABLE = "CAISSON_WATCHER_ORDER";
/** A line is a farewell; the end without one is a death. */
const SHELL_SCRIPT = 'read -r farewell || exec "$@"';

const moduleUrl = (): string => pathToFileURL(path.join(packageRoot(), "dist", "engine", "watch.js")).href;

export class Watcher {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Running once this returns; where it can't be, the sweep of a later session does its work. */
  static start(order: WatcherOrder, environment: NodeJS.ProcessEnv): Watcher {
    const node = (wait: boolean): string[] => [
      process.execPath,
      "--eval",
      `import(process.argv[1]).then((m) => m.watch(${wait}))`,
      moduleUrl(),
    ];
    const [program = "", ...args] =
      process.platform === "win32" ? node(true) : ["/bin/sh", "-c", SHELL_SCRIPT, "caisson-watcher", ...node(false)];
    // A debugger or a coverage report that was asked for is not meant for it.
    const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _coverage, ...inherited } = environment;
    const child = spawn(program, args, {
      detached: true,
      windowsHide: true,
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
      env: { ...inherited, [ORDER_VARIABLE]: JSON.stringify(order) },
    });
    child.on("error", () => {});
    child.stdin?.on("error", () => {});
    child.unref();
    (child.stdin as { unref?: () => void } | null)?.unref?.();
    return new Watcher(child);
  }

  /** Nothing is left for it to do. */
  dismiss(): void {
    this.#child.stdin?.end("farewell\n");
  }

  /** It removes what is left from now on. */
  handOver(): void {
    this.#child.stdin?.end();
  }
}
