/** A container in the foreground: its streams on this terminal, this process's signals passed on, its exit code. */
import { constants } from "node:os";
import type { ContainerService } from "../engine/engine.js";
import { connectTerminal } from "./connect-terminal.js";
import { forwardSignals } from "./forward-signals.js";
import type { Terminal } from "./terminal.js";

export interface FollowOptions {
  readonly interactive: boolean;
  readonly tty: boolean;
  /** Empty for none. @default docker's */
  readonly detachKeys: string | undefined;
  readonly sigProxy: boolean;
  /** Output that is left out is read and dropped. @default both */
  readonly outputs?: ReadonlySet<string> | undefined;
  /** Starts it, once nothing of what it says can be missed. */
  readonly begin?: (() => Promise<void>) | undefined;
}

/** @returns the exit code, or "detached" */
export async function followContainer(
  containers: ContainerService,
  id: string,
  terminal: Terminal,
  { interactive, tty, detachKeys, sigProxy, outputs, begin }: FollowOptions,
): Promise<number | "detached"> {
  const streams = await containers.attach(id, { stdin: interactive, detachKeys });
  // Before the start: a signal that comes in between must not end this process and leave the reader wondering.
  const signals = sigProxy ? forwardSignals((signal) => containers.kill(id, signal)) : undefined;
  // One that removes itself could not be asked afterwards. Its restart policy may have it run again: the last exit is the one that counts.
  const exit = begin
    ? containers.wait(id, { condition: "next-exit" }).then((next) => containers.wait(id).catch(() => next))
    : containers.wait(id);
  exit.catch(() => {});
  const connection = connectTerminal(terminal, streams, { interactive, tty, outputs });
  try {
    await begin?.();
    await signals?.started();
    await connection.resize();
    if ((await Promise.race([streams.end, exit])) === "detach") return "detached";
    const { exitCode } = await exit;
    await connection.drained;
    return signals?.forced === undefined ? exitCode : 128 + constants.signals[signals.forced];
  } finally {
    connection.close();
    signals?.stop();
    streams.detach();
  }
}
