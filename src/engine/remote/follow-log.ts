/** A container's log over the API: of one run, or through all of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ContainerJson, statusOf } from "../docker-api/container-json.js";
import { readLogStream, STAMP_PARTS } from "../docker-api/log-stream.js";
import { MULTIPLEXED_STREAM, RAW_STREAM } from "../docker-api/raw-stream.js";
import type { ContainerStatus, LogRecord, LogsOptions } from "../engine.js";
import { isCaissonError } from "../errors.js";
import { containerPath } from "./container-path.js";
import type { DockerClient } from "./docker-client.js";
import type { EventStream } from "./event-stream.js";
import { LogResumption } from "./log-resumption.js";
import { waitExit } from "./wait-exit.js";

export interface LogSource {
  readonly client: DockerClient;
  readonly events: EventStream;
  readonly container: string;
  /** Whether it has a terminal, where that is known. */
  readonly terminal?: boolean | undefined;
}

/** A log that ended although its container runs is asked for again after this. */
const AGAIN_MS = 50;

/** @throws CONTAINER_NOT_FOUND, DAEMON_UNREACHABLE */
export async function* followLog(source: LogSource, options: LogsOptions): AsyncGenerator<LogRecord> {
  const { follow = false, signal } = options;
  const resumption = new LogResumption(options.since === undefined ? undefined : BigInt(options.since.getTime()) * 1_000_000n);
  let tail = options.tail;
  for (let following = follow; ; ) {
    try {
      for await (const record of readLog(source, { ...options, follow: following }, { since: resumption.resume(), tail })) {
        if (!resumption.isNew(record.timeNs)) continue;
        tail = undefined;
        yield record;
      }
    } catch (error) {
      if (signal?.aborted || (follow && !following && isGone(error))) return;
      throw error;
    }
    if (!following || signal?.aborted) return;
    following = await goesOn(source, signal);
    // dockerd 20.10 ends a log with the container, also for a reader that has not been told all of it yet: the rest is asked for.
    if (!following && source.client.ours) return;
  }
}

/** Or about to be. */
function isGone(error: unknown): boolean {
  return isCaissonError(error, "CONTAINER_NOT_FOUND") || (isCaissonError(error, "DAEMON_ERROR") && error.facts.status === 409);
}

/** The daemon ends a log with the run, and one that has not begun at once. */
async function goesOn({ client, events, container }: LogSource, signal: AbortSignal | undefined): Promise<boolean> {
  const over = new AbortController();
  const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  try {
    const { id, status } = await look(client, container);
    if (status === "running" || status === "paused") {
      await sleep(AGAIN_MS, undefined, { signal });
      return true;
    }
    if (status !== "created" && status !== "restarting") return false;
    const starts = await events.heard({ type: "container", filters: { event: ["start", "destroy"] }, signal: either });
    const now = (await look(client, container)).status;
    if (now !== status) return now !== "exited";
    const started = startOf(starts, id);
    const ended = status === "restarting" ? waitExit(client, container, { signal: either }).then(() => false) : started;
    ended.catch(() => {});
    return await Promise.race([started, ended]);
  } catch (error) {
    if (signal?.aborted || isCaissonError(error, "CONTAINER_NOT_FOUND")) return false;
    throw error;
  } finally {
    over.abort();
  }
}

async function startOf(starts: AsyncIterable<{ readonly id: string; readonly action: string }>, id: string): Promise<boolean> {
  for await (const event of starts) if (event.id === id) return event.action === "start";
  return false;
}

async function* readLog(
  { client, container, terminal: known }: LogSource,
  { follow = false, stdout = true, stderr = true, until, signal }: LogsOptions,
  { since, tail }: { readonly since: bigint | undefined; readonly tail: number | undefined },
): AsyncGenerator<LogRecord> {
  const { headers, body } = await client.stream("GET", containerPath(container, "/logs"), {
    doing: `Reading the log of container ${container}`,
    container,
    signal,
    headers: { [STAMP_PARTS]: "1" },
    query: {
      follow,
      stdout,
      stderr,
      timestamps: true,
      since: since === undefined ? undefined : nanosecondsText(since),
      until: until && nanosecondsText(BigInt(until.getTime()) * 1_000_000n + 999_999n),
      tail: tail ?? "all",
    },
  });
  yield* readLogStream(body, known ?? terminalOf(client, headers["content-type"]) ?? (await look(client, container)).terminal);
}

/** Before API 1.42 an answer does not tell. */
function terminalOf(client: DockerClient, type: unknown): boolean | undefined {
  if (type === MULTIPLEXED_STREAM) return false;
  return type === RAW_STREAM && client.speaks("1.42") ? true : undefined;
}

interface Look {
  readonly id: string;
  readonly status: ContainerStatus;
  readonly terminal: boolean;
}

/** @throws CONTAINER_NOT_FOUND */
async function look(client: DockerClient, container: string): Promise<Look> {
  const request = { doing: `Inspecting container ${container}`, container };
  const { Id, State, Config } = await client.json<ContainerJson>("GET", containerPath(container, "/json"), request);
  return { id: Id, status: statusOf(State.Status), terminal: Config.Tty ?? false };
}

function nanosecondsText(nanoseconds: bigint): string {
  return `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, "0")}`;
}
