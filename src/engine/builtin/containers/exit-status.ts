/** From the supervisor's account of an exit to the contract's. */
import { constants } from "node:os";
import type { ContainerExit } from "../../engine.js";
import type { RawExit } from "../supervisor/supervisor.js";

/** @param oom content of the cgroup's OOM file: `memory.events` (v2) or `memory.oom_control` (v1) */
export function containerExit(raw: RawExit, oom?: string): ContainerExit {
  const oomKilled = wasOomKilled(oom);
  if ("exitCode" in raw) return { exitCode: raw.exitCode, oomKilled };
  return { exitCode: 128 + raw.signal, signal: signalName(raw.signal), oomKilled };
}

function wasOomKilled(oom: string | undefined): boolean {
  const count = oom === undefined ? undefined : /^oom_kill (\d+)$/m.exec(oom)?.[1];
  return count !== undefined && count !== "0";
}

function signalName(number: number): string {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number);
  return entry?.[0] ?? `SIGRTMIN+${number - 34}`;
}

/** `exit code 1`, `SIGKILL (out of memory)`: for messages. */
export function describeExit(exit: ContainerExit): string {
  const how = exit.signal === undefined ? `exit code ${exit.exitCode}` : `signal ${exit.signal}`;
  return exit.oomKilled ? `${how} (out of memory)` : how;
}
