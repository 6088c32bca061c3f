/** Follows the logs of a project's containers until these end. */
import type { Engine } from "../engine/engine.js";
import { isCaissonError } from "../engine/errors.js";
import { logLines } from "../wait/log-lines.js";
import type { LogPrefixes } from "./compose-display.js";
import type { Terminal } from "./terminal.js";

export interface FollowedContainer {
  readonly id: string;
  /** As its lines show it: without the project's name. */
  readonly label: string;
  readonly service: string;
  /** Its lines are shown. */
  readonly shown: boolean;
}

export interface ContainerEnd {
  readonly container: FollowedContainer;
  readonly exitCode: number;
}

export interface LogFollowerOptions {
  readonly engine: Engine;
  readonly terminal: Terminal;
  /** Undefined for lines as they are. */
  readonly prefixes: LogPrefixes | undefined;
  readonly signal: AbortSignal;
  readonly ended?: ((end: ContainerEnd) => void) | undefined;
}

/** @returns once it has ended, without a restart to follow, and all it wrote is shown */
export async function followContainerLog(
  container: FollowedContainer,
  since: Date | undefined,
  { engine, terminal, prefixes, signal, ended }: LogFollowerOptions,
): Promise<void> {
  const { id, label, shown } = container;
  const exit = engine.containers.wait(id, { signal }).catch((error: unknown) => {
    // It has been taken away in the meantime.
    if (signal.aborted || isCaissonError(error, "CONTAINER_NOT_FOUND")) return undefined;
    throw error;
  });
  exit.catch(() => {}); // told below
  if (shown) await show(engine, container, since, { terminal, prefixes, signal });
  const end = await exit;
  if (!end || signal.aborted) return;
  if (shown) terminal.stderr.write(`${label} exited with code ${end.exitCode}\n`);
  ended?.({ container, exitCode: end.exitCode });
}

async function show(
  engine: Engine,
  { id, label }: FollowedContainer,
  since: Date | undefined,
  { terminal, prefixes, signal }: Pick<LogFollowerOptions, "terminal" | "prefixes" | "signal">,
): Promise<void> {
  const prefix = prefixes?.of(label) ?? "";
  try {
    for await (const { stream, line } of logLines(engine.containers.logs(id, { follow: true, since, signal }))) {
      const output = terminal[stream];
      if (!output.write(`${prefix}${line}\n`)) await new Promise((resolve) => output.once("drain", resolve));
    }
  } catch (error) {
    if (!signal.aborted && !isCaissonError(error, "CONTAINER_NOT_FOUND")) throw error;
  }
}
