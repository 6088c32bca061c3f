/** The logs of a project's containers. */
import { lineStamps } from "../engine/docker-api/line-stamps.js";
import { drained } from "../engine/drained.js";
import type { Engine, LogRecord, LogsOptions } from "../engine/engine.js";
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

export interface LogView {
  readonly engine: Engine;
  readonly terminal: Terminal;
  /** Undefined for lines as they are. */
  readonly prefixes: LogPrefixes | undefined;
  readonly signal: AbortSignal;
}

export interface LogFollowerOptions extends LogView {
  readonly ended?: ((end: ContainerEnd) => void) | undefined;
}

/** @returns once it has ended, without a restart to follow, and all it wrote is shown */
export async function followContainerLog(
  container: FollowedContainer,
  since: Date | undefined,
  { ended, ...view }: LogFollowerOptions,
): Promise<void> {
  const { id, label, shown } = container;
  const { engine, terminal, signal } = view;
  const exit = engine.containers.wait(id, { signal }).catch((error: unknown) => {
    // It has been taken away in the meantime.
    if (signal.aborted || isCaissonError(error, "CONTAINER_NOT_FOUND")) return undefined;
    throw error;
  });
  exit.catch(() => {}); // told below
  if (shown) await showContainerLog(container, { follow: true, since }, view);
  const end = await exit;
  if (!end || signal.aborted) return;
  if (shown) terminal.stderr.write(`${label} exited with code ${end.exitCode}\n`);
  ended?.({ container, exitCode: end.exitCode });
}

/** @param timestamps each line begins with its time */
export async function showContainerLog(
  { id, label }: Pick<FollowedContainer, "id" | "label">,
  { timestamps = false, ...options }: LogsOptions & { readonly timestamps?: boolean | undefined },
  { engine, terminal, prefixes, signal }: LogView,
): Promise<void> {
  const prefix = prefixes?.of(label) ?? "";
  const records = engine.containers.logs(id, { ...options, signal });
  try {
    for await (const { stream, line } of logLines(timestamps ? stamped(records) : records)) {
      const output = terminal[stream];
      if (!output.write(`${prefix}${line}\n`)) await drained(output);
    }
  } catch (error) {
    if (!signal.aborted && !isCaissonError(error, "CONTAINER_NOT_FOUND")) throw error;
  }
}

async function* stamped(records: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord> {
  const stamps = lineStamps();
  for await (const record of records) yield { ...record, data: stamps(record) };
}
