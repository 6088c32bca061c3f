/** What a container uses: the daemon's own stream of samples, one a second, or single ones at another pace. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ContainerJson, statusOf } from "../docker-api/container-json.js";
import { readJsonLines } from "../docker-api/json-lines.js";
import { isEmpty, type StatsJson, statsOf } from "../docker-api/stats-json.js";
import type { ContainerStats, StatsOptions } from "../engine.js";
import { CaissonError, isCaissonError, optionError } from "../errors.js";
import type { ContainerContext } from "./container-context.js";
import { containerPath } from "./container-path.js";
import { waitExit } from "./wait-exit.js";

const DAEMON_INTERVAL_MS = 1000;

/** @throws CONTAINER_NOT_RUNNING, OPTION_INVALID, DAEMON_UNREACHABLE */
export async function* containerStats(
  { client }: ContainerContext,
  container: string,
  options: StatsOptions,
): AsyncGenerator<ContainerStats> {
  const { oneShot = false, intervalMs = DAEMON_INTERVAL_MS, signal } = options;
  if (!Number.isFinite(intervalMs) || intervalMs <= 0) throw optionError("intervalMs", intervalMs, "a positive number of milliseconds");
  const doing = `Reading the statistics of container ${container}`;
  const { State, Id, HostConfig } = await client.json<ContainerJson>("GET", containerPath(container, "/json"), { doing, container });
  if (!State.Running) {
    const status = statusOf(State.Status);
    throw new CaissonError("CONTAINER_NOT_RUNNING", `Container ${container} is not running: it is ${status}`, {
      facts: { containerId: Id, status },
    });
  }
  const over = new AbortController();
  const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  // The daemon goes on with empty samples after the container's end.
  const end = (): void => over.abort();
  waitExit(client, container, { signal: either }).then(end, end);
  const shared = /^(host|none|container:)/.test(HostConfig.NetworkMode ?? "");
  const source = oneShot || intervalMs !== DAEMON_INTERVAL_MS ? single : stream;
  let previous: ContainerStats | undefined;
  try {
    for await (const json of source()) {
      if (isEmpty(json)) return;
      const stats = statsOf(json, previous);
      previous = shared ? { ...stats, networks: {} } : stats;
      yield previous;
      if (oneShot || either.aborted) return;
    }
  } catch (error) {
    if (!either.aborted && !isCaissonError(error, "CONTAINER_NOT_FOUND")) throw error;
  } finally {
    over.abort();
  }

  async function* stream(): AsyncGenerator<StatsJson> {
    const { body } = await client.stream("GET", containerPath(container, "/stats"), {
      doing,
      container,
      query: { stream: true },
      signal: either,
    });
    yield* readJsonLines<StatsJson>(body);
  }

  async function* single(): AsyncGenerator<StatsJson> {
    const query = { stream: false, "one-shot": client.speaks("1.41") ? true : undefined };
    for (;;) {
      yield await client.json<StatsJson>("GET", containerPath(container, "/stats"), { doing, container, query, signal: either });
      await sleep(intervalMs, undefined, { signal: either });
    }
  }
}
