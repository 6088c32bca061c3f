/** A container's own standard streams, over a hijacked connection; over its log where the run that they belonged to has ended. */
import { type ContainerJson, statusOf } from "../docker-api/container-json.js";
import type { AttachedStreams, AttachOptions, StreamsEnd, TerminalSize } from "../engine.js";
import type { ContainerContext } from "./container-context.js";
import { containerPath } from "./container-path.js";
import { daemonKeys } from "./detach-keys.js";
import { followLog } from "./follow-log.js";
import { type StandardStreams, standardStreams } from "./standard-streams.js";
import { waitExit } from "./wait-exit.js";

/** @throws CONTAINER_NOT_FOUND, OPTION_INVALID, DAEMON_UNREACHABLE */
export async function attachContainer(context: ContainerContext, container: string, options: AttachOptions): Promise<AttachedStreams> {
  const { client } = context;
  const { signal } = options;
  const doing = `Attaching to container ${container}`;
  const { Config, State, HostConfig } = await client.json<ContainerJson>("GET", containerPath(container, "/json"), {
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
  const streams = standardStreams(socket, { terminal, stdin, detachKeys: keys?.bytes ?? Buffer.alloc(0), keepOpen: restarts });
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
  const end = streams.ended.then(async ({ detached }): Promise<StreamsEnd> => {
    signal?.removeEventListener("abort", detach);
    if (!left && !detached && restarts) await laterRuns(context, container, streams, over.signal);
    for (const output of [streams.stdout, streams.stderr]) output.end();
    return left || detached ? "detach" : "exit";
  });
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

/** The daemon's connection ends with the first run: what its restart policy starts afterwards is read from the log. */
async function laterRuns(
  context: ContainerContext,
  container: string,
  { stdout, stderr }: StandardStreams,
  signal: AbortSignal,
): Promise<void> {
  const { client } = context;
  const json = await client
    .json<ContainerJson>("GET", containerPath(container, "/json"), { doing: `Inspecting container ${container}`, container })
    .catch(() => undefined);
  if (!json?.State.Running) return;
  const since = new Date(json.State.FinishedAt);
  const exit = waitExit(client, container, { signal }).catch(() => undefined);
  for await (const { stream, data } of followLog({ ...context, container }, { follow: true, since, signal }))
    (stream === "stderr" ? stderr : stdout).write(data);
  await exit;
}
