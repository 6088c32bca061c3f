/** `stats`: a sample at once, then one each interval for as long as the container runs. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerStats, CpuStats, StatsOptions } from "../../../engine.js";
import { optionError, throwIfAborted } from "../../../errors.js";
import type { ContainerRecord } from "../container-record.js";
import { notRunning } from "../exec-process.js";
import type { Session } from "../session.js";
import { readSample } from "./read-stats.js";

const DEFAULT_INTERVAL_MS = 1000;
const SHORTEST_INTERVAL_MS = 10;

/** @throws CONTAINER_NOT_RUNNING, OPTION_INVALID, ABORTED */
export async function* containerStats(session: Session, record: ContainerRecord, options: StatsOptions): AsyncGenerator<ContainerStats> {
  const { oneShot = false, intervalMs = DEFAULT_INTERVAL_MS, signal } = options;
  if (!(intervalMs >= SHORTEST_INTERVAL_MS))
    throw optionError("intervalMs", intervalMs, `a number of milliseconds, at least ${SHORTEST_INTERVAL_MS}`);
  throwIfAborted("stats", signal);
  if (!record.running) throw notRunning(record);
  let previousCpu: CpuStats | undefined;
  for (let run = record.starts; record.running && record.starts === run; ) {
    const { pid, cgroups } = record;
    if (!cgroups) throw notRunning(record);
    const exited = record.nextExit.promise.catch(() => {});
    const sample = await readSample({
      pid,
      execs: record.execs,
      cgroups,
      ownNetwork: record.peer === undefined && record.spec.networkMode !== "host",
    });
    // Read while the container ended, it may be of nothing, or of another process.
    if (!record.running || record.pid !== pid) return;
    yield { ...sample, previousCpu, cpuPercent: previousCpu && cpuPercent(previousCpu, sample.cpu) };
    if (oneShot) return;
    previousCpu = sample.cpu;
    session.supervisor.retain();
    const over = new AbortController();
    try {
      const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
      await Promise.race([exited, sleep(intervalMs, undefined, { signal: either }).catch(() => {})]);
    } finally {
      over.abort();
      session.supervisor.release();
    }
    if (signal?.aborted) return;
  }
}

/** As `docker stats` computes it. */
export function cpuPercent(before: CpuStats, now: CpuStats): number {
  const host = now.hostMs - before.hostMs;
  const own = now.totalMs - before.totalMs;
  return host > 0 && own > 0 ? (own / host) * now.onlineCpus * 100 : 0;
}
