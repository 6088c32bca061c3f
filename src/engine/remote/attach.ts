/** A container's own standard streams, over a hijacked connection; over its log where the run that they belonged to has ended. */
import { setTimeout as sleep } from "node:timers/promises";
import { type ContainerJson, statusOf } from "../docker-api/container-json.js";
import type { AttachedStreams, AttachOptions, StreamsEnd, TerminalSize } from "../engine.js";
import { isCaissonError } from "../errors.js";
import type { ContainerContext } from "./container-context.js";
import { containerPath } from "./container-path.js";
import { daemonKeys } from "./detach-keys.js";
import type { DockerClient } from "./docker-client.js";
import { followLog } from "./follow-log.js";
import { CUT, CUT_MS, lookUntil } from "./settled.js";
import { type StandardStreams, standardStreams } from "./standard-streams.js";
import { waitExit } from "./wait-exit.js";

/** @throws CONTAINER_NOT_FOUND, OPTION_INVALID, DAEMON_UNREACHABLE */
export async function attachContainer(context: ContainerContext, container: string, options: AttachOptions): Promise<AttachedStreams> {
  const { client } = context;
  const { signal } = options;
  const doing = `Attaching to container ${container}`;
  const { Id, Config, State, HostConfig } = await client.json<ContainerJson>("GET", containerPath(container, "/json"), {
    doing,
    container,
    signal,
  });
  const terminal = Config.Tty ?? false;
  const stdin = (options.stdin ?? false) && (Config.OpenStdin ?? false);
  const keys = terminal ? daemonKeys(options.detachKeys) : undefined;
  // Of one that has ended, what was logged; or what it will say once it runs again.
  const past = statusOf(State.Status) === "exited" && (options.logs ?? false);
  const socket = await client.hijack(containerPath(container, "/attach"), {
    doing,
    container,
    signal,
    query: {
      stream: !past,
      stdin: stdin && !past,
      stdout: true,
      stderr: true,
      logs: options.logs ?? false,
      detachKeys: keys?.text,
    },
  });
  const policy = HostConfig.RestartPolicy?.Name ?? "";
  const restarts = policy !== "" && policy !== "no";
  const streams = standardStreams(socket, {
    terminal,
    stdin,
    detachKeys: keys?.bytes ?? Buffer.alloc(0),
    hangUp: client.podman,
    keepOpen: true,
  });
  let left = false;
  const over = new AbortController();
  const detach = (): void => {
    left = true;
    over.abort();
    // What was typed goes on to the container.
    if (streams.stdin && !streams.stdin.destroyed) streams.stdin.end(() => streams.destroy());
    else streams.destroy();
  };
  signal?.addEventListener("abort", detach, { once: true });
  const end = streams.ended.then(async ({ detached, error }): Promise<StreamsEnd> => {
    signal?.removeEventListener("abort", detach);
    try {
      if (!left && !detached && !past) {
        const json = await lookAgain(client, container, restarts);
        if (json?.State.Running && error) throw client.failure(error, { doing });
        if (json?.State.Running && restarts) await laterRuns(context, json, streams, over.signal);
        else if (json?.State.Running && !(await exitsSoon(client, container)) && !left) throw client.failure(new Error(CUT), { doing });
      }
      streams.close();
      return left || detached ? "detach" : "exit";
    } catch (failure) {
      streams.close(failure as Error);
      throw failure;
    } finally {
      over.abort();
    }
  });
  end.catch(() => {});
  // dockerd 20.10 keeps the connection of a container that is removed before it has started.
  if (statusOf(State.Status) === "created")
    void isNeverStarted(context, Id, over.signal).then(
      (never) => never && streams.destroy(),
      () => {}, // who is cut off from the events is so from the container
    );
  return {
    stdin: streams.stdin,
    stdout: streams.stdout,
    stderr: streams.stderr,
    detach,
    end,
    resize: async ({ rows, columns }: TerminalSize) => {
      await client.status("POST", containerPath(container, "/resize"), {
        doing: `Resizing the terminal of container ${container}`,
        container,
        query: { h: rows, w: columns },
      });
    },
  };
}

/** A daemon that goes away ends its connections as a container does that exits. @throws DAEMON_UNREACHABLE */
async function lookAgain(client: DockerClient, container: string, restarts: boolean): Promise<ContainerJson | undefined> {
  const request = { doing: `Inspecting container ${container}`, container };
  try {
    const look = () => client.json<ContainerJson>("GET", containerPath(container, "/json"), request);
    return restarts ? await look() : await lookUntil(look, ({ State }) => !State.Running);
  } catch (error) {
    if (isCaissonError(error, "CONTAINER_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Resolves with its start, with its removal, or when nobody wants to know any more. */
async function isNeverStarted({ events }: ContainerContext, id: string, signal: AbortSignal): Promise<boolean> {
  for await (const event of events.subscribe({ type: "container", filters: { event: ["start", "destroy"] }, signal }))
    if (event.id === id) return event.action === "destroy";
  return false;
}

async function exitsSoon(client: DockerClient, container: string): Promise<boolean> {
  const over = new AbortController();
  const exit = waitExit(client, container, { signal: over.signal });
  exit.catch(() => {});
  try {
    return await Promise.race([exit.then(() => true), sleep(CUT_MS, false, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

/** The daemon's connection ends with the first run: what its restart policy starts afterwards is read from the log. */
async function laterRuns(
  context: ContainerContext,
  { Id: container, State }: ContainerJson,
  { stdout, stderr }: StandardStreams,
  signal: AbortSignal,
): Promise<void> {
  const since = new Date(State.FinishedAt);
  const exit = waitExit(context.client, container, { signal }).catch(() => undefined);
  for await (const { stream, data } of followLog({ ...context, container }, { follow: true, since, signal }))
    (stream === "stderr" ? stderr : stdout).write(data);
  await exit;
}
