/** Waiting for a container's exit: one request that the daemon answers when it is there. */
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type ContainerJson, exitOf } from "../docker-api/container-json.js";
import type { ContainerExit, WaitOptions } from "../engine.js";
import { abortError, isCaissonError } from "../errors.js";
import { containerPath } from "./container-path.js";
import type { DockerClient, DockerRequest } from "./docker-client.js";

/** Pauses before a wait whose connection broke is begun anew. */
const RETRY_MS = [0, 100, 300, 600, 1000, 2000];

/** @throws CONTAINER_NOT_FOUND, DAEMON_UNREACHABLE, ABORTED */
export async function waitExit(client: DockerClient, container: string, options: WaitOptions = {}): Promise<ContainerExit> {
  const { condition = "not-running", signal } = options;
  const request = { doing: `Waiting for container ${container}`, container, signal };
  if (condition !== "not-running") {
    const exitCode = await begunWait(client, request, condition).then(({ exitCode }) => exitCode);
    const known = condition === "next-exit" ? await lastExit(client, request) : undefined;
    return known?.exit ?? exitOf(exitCode, false);
  }
  for (let failures = 0; ; ) {
    try {
      const { exitCode } = await begunWait(client, request, condition);
      const last = await lastExit(client, request);
      if (!last) return exitOf(exitCode, false); // it has removed itself
      if (last.exit) return last.exit;
      // Docker answers at once for one that never ran, and after the first exit for one that is restarted.
      if (last.created) await firstExit(client, request);
      failures = 0;
    } catch (error) {
      const pause = RETRY_MS[failures++];
      if (!isCaissonError(error, "DAEMON_UNREACHABLE") || pause === undefined) throw error;
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (signal?.aborted) throw abortError(request.doing, signal);
    }
  }
}

type WaitRequest = DockerRequest & { readonly container: string };

/** The daemon sends its answer's head once it has begun to wait, and the body when the wait is over. */
async function begunWait(
  client: DockerClient,
  request: WaitRequest,
  condition: NonNullable<WaitOptions["condition"]>,
  begun?: () => Promise<void>,
): Promise<{ readonly exitCode: number }> {
  const { body } = await client.stream("POST", containerPath(request.container, "/wait"), { ...request, query: { condition } });
  await begun?.();
  const json = JSON.parse((await text(body)) || "{}") as { StatusCode?: number };
  return { exitCode: json.StatusCode ?? 0 };
}

/** Of a container that had not been started when it was looked at, and may have been by now. */
async function firstExit(client: DockerClient, request: WaitRequest): Promise<void> {
  const over = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, over.signal]) : over.signal;
  try {
    await begunWait(client, { ...request, signal }, "next-exit", async () => {
      if (!(await lastExit(client, request))?.created) over.abort();
    });
  } catch (error) {
    if (!over.signal.aborted || request.signal?.aborted) throw error;
  }
}

interface LastExit {
  /** Undefined while it runs, is about to be restarted, or was never started. */
  readonly exit: ContainerExit | undefined;
  readonly created: boolean;
}

async function lastExit(client: DockerClient, request: WaitRequest): Promise<LastExit | undefined> {
  try {
    const { State: state } = await client.json<ContainerJson>("GET", containerPath(request.container, "/json"), request);
    const created = state.Status === "created" || state.Status === "configured" || state.Status === "initialized";
    const over = !created && !state.Running && state.Status !== "restarting" && state.Status !== "stopping";
    return { exit: over ? exitOf(state.ExitCode, state.OOMKilled ?? false) : undefined, created };
  } catch (error) {
    if (isCaissonError(error, "CONTAINER_NOT_FOUND")) return undefined;
    throw error;
  }
}
