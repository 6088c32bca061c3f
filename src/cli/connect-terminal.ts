/** Connects the standard streams of this process with those of a container. */
import { finished } from "node:stream/promises";
import type { AttachedStreams } from "../engine/engine.js";
import type { Terminal } from "./terminal.js";

export interface TerminalConnection {
  /** All output of the container has been written. */
  readonly drained: Promise<unknown>;
  /** Gives the container's terminal the size of this one. */
  resize(): Promise<void>;
  /** Gives the terminal back as it was. Idempotent. */
  close(): void;
}

const BOTH: ReadonlySet<string> = new Set(["stdout", "stderr"]);

export function connectTerminal(
  { stdin, stdout, stderr }: Terminal,
  streams: Pick<AttachedStreams, "stdin" | "stdout" | "stderr" | "resize">,
  {
    interactive,
    tty,
    outputs = BOTH,
  }: { readonly interactive: boolean; readonly tty: boolean; readonly outputs?: ReadonlySet<string> | undefined },
): TerminalConnection {
  for (const [name, target] of [
    ["stdout", stdout],
    ["stderr", stderr],
  ] as const) {
    if (outputs.has(name)) streams[name].pipe(target, { end: false });
    else streams[name].resume();
  }
  const drained = Promise.allSettled([finished(streams.stdout), finished(streams.stderr)]);
  const raw = interactive && tty && stdin.isTTY === true;
  if (raw) stdin.setRawMode?.(true);
  if (interactive && streams.stdin) stdin.pipe(streams.stdin);
  const resize = async (): Promise<void> => {
    const { rows, columns } = stdout;
    if (tty && rows && columns) await streams.resize({ rows, columns }).catch(() => {}); // it may have ended
  };
  const resized = (): void => void resize();
  if (tty) process.on("SIGWINCH", resized);
  return {
    drained,
    resize,
    close() {
      process.off("SIGWINCH", resized);
      if (raw) stdin.setRawMode?.(false);
      if (!interactive) return;
      stdin.unpipe();
      // A pipe or terminal that nobody writes to would keep this process alive.
      stdin.destroy();
    },
  };
}
