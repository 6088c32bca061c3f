/** Further processes in a running container, over the API: created, started on a hijacked connection, looked at. */
import { exitOf } from "../docker-api/container-json.js";
import { type ExecJson, execBody } from "../docker-api/exec-json.js";
import type { ContainerExit, ExecProcess, ExecSpec } from "../engine.js";
import { abortError, CaissonError, isCaissonError, throwIfAborted } from "../errors.js";
import { containerPath } from "./container-path.js";
import { daemonKeys } from "./detach-keys.js";
import type { DockerClient } from "./docker-client.js";
import type { EventStream } from "./event-stream.js";
import { commandFailure } from "./failure-rules.js";
import { CUT, CUT_MS, lookUntil } from "./settled.js";
import { signalExec } from "./signal-exec.js";
import { type StandardStreams, standardStreams } from "./standard-streams.js";

export interface ExecContext {
  readonly client: DockerClient;
  readonly events: EventStream;
}

/** Exit codes of a command that could not be executed. Podman (4.3) forgets the number of a process that has ended: with any other code it has. */
const REFUSED: readonly number[] = [126, 127];

/** @throws CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, EXEC_FAILED, OPTION_INVALID, ABORTED */
export async function startExec(context: ExecContext, container: string, spec: ExecSpec): Promise<ExecProcess> {
  throwIfAborted("exec", spec.signal);
  const { client } = context;
  const doing = `Executing ${spec.command.join(" ")} in container ${container}`;
  const { tty = false, stdin = false, signal } = spec;
  const keys = tty && stdin ? daemonKeys(spec.detachKeys) : undefined;
  const request = { doing, container, signal };
  const { Id: id } = await client.json<{ Id: string }>("POST", containerPath(container, "/exec"), {
    ...request,
    json: execBody(spec, keys?.text),
  });
  const path = `/exec/${id}`;
  const socket = await client
    .hijack(`${path}/start`, { ...request, json: { Detach: false, Tty: tty } })
    .catch((error: unknown) => Promise.reject(execFailure(error, container, spec)));
  const streams = standardStreams(socket, {
    terminal: tty,
    stdin,
    detachKeys: keys?.bytes ?? Buffer.alloc(0),
    hangUp: client.podman,
    keepOpen: true,
  });
  const look = (): Promise<ExecJson> => client.json<ExecJson>("GET", `${path}/json`, { doing });
  try {
    const started = await begun(client, path, doing, look);
    const { ExitCode: code } = started;
    if (started.Running === false && !started.Pid && code !== null && REFUSED.includes(code))
      throw await refusal(streams, code, container, spec);
    const exit = exitOfExec(context, { id, doing, streams, look });
    exit.catch(() => {});
    const kill = async (wanted: string | number = "SIGKILL"): Promise<void> => {
      if ((await look()).Running) await signalExec(client, container, { pid: started.Pid ?? 0, command: spec.command }, wanted);
    };
    killOnAbort(signal, kill, streams, exit);
    return {
      stdin: streams.stdin,
      stdout: streams.stdout,
      stderr: streams.stderr,
      pid: started.Pid ?? 0,
      exit,
      end: streams.ended.then(({ detached }) => (detached ? "detach" : "exit")),
      kill,
      resize: async ({ rows, columns }) => {
        await client.status("POST", `${path}/resize`, { doing, query: { h: rows, w: columns } }).catch(ignoreGone);
      },
    };
  } catch (error) {
    streams.destroy();
    throw signal?.aborted ? abortError("exec", signal) : error;
  }
}

/** The daemon answers a change of the terminal's size once the process has been started, and refuses it where there is no terminal. */
async function begun(client: DockerClient, path: string, doing: string, look: () => Promise<ExecJson>): Promise<ExecJson> {
  await client.status("POST", `${path}/resize`, { doing, query: { h: 0, w: 0 } }).catch((error: unknown) => {
    if (isCaissonError(error, "DAEMON_UNREACHABLE")) throw error;
  });
  return lookUntil(look, ({ Pid, ExitCode }) => Boolean(Pid) || ExitCode !== null);
}

/** What the daemon says of a command that can't be executed stands where its output would. */
async function refusal(streams: StandardStreams, exitCode: number, container: string, spec: ExecSpec): Promise<unknown> {
  let said = "";
  await streams.ended;
  streams.close();
  // Podman says it on the other one.
  for (const output of [streams.stdout, streams.stderr]) for await (const chunk of output) said += chunk;
  return execFailure(
    new CaissonError("DAEMON_ERROR", said, { facts: { doing: "exec", status: exitCode, message: said.trim() } }),
    container,
    spec,
  );
}

function execFailure(error: unknown, container: string, spec: ExecSpec): unknown {
  if (!isCaissonError(error, "DAEMON_ERROR")) return error;
  const { message } = error.facts;
  const command = commandFailure(message);
  if (command) return command;
  return new CaissonError("EXEC_FAILED", `Could not execute ${spec.command.join(" ")} in ${container}`, {
    facts: { containerId: container, command: spec.command },
    evidence: [`The daemon: ${message}`],
    cause: error,
  });
}

interface Running {
  readonly id: string;
  readonly doing: string;
  readonly streams: StandardStreams;
  readonly look: () => Promise<ExecJson>;
}

/** The outputs end with it, or fail when they were cut off before. */
async function exitOfExec({ client, events }: ExecContext, { id, doing, streams, look }: Running): Promise<ContainerExit> {
  const { error, detached } = await streams.ended;
  if (detached) streams.close();
  const lost = (cause: unknown): CaissonError => client.failure(cause, { doing });
  try {
    let json = await lookUntil(look, ({ Running }) => !Running);
    if (json.Running && error && !detached) throw lost(error);
    if (json.Running) {
      const cut = detached ? undefined : setTimeout(() => streams.close(lost(new Error(CUT))), CUT_MS);
      await exitEvent({ events, id, look }).finally(() => clearTimeout(cut));
      json = await look();
    }
    streams.close();
    return exitOf(json.ExitCode ?? 0, false);
  } catch (failure) {
    streams.close(failure as Error);
    throw failure;
  }
}

async function exitEvent({ events, id, look }: Pick<ExecContext, "events"> & Pick<Running, "id" | "look">): Promise<void> {
  const over = new AbortController();
  try {
    const ends = await events.heard({ type: "container", filters: { event: ["exec_die", "die", "destroy"] }, signal: over.signal });
    if ((await look()).Running) for await (const event of ends) if (event.attributes["execID"] === id || !(await look()).Running) break;
  } finally {
    over.abort();
  }
}

function killOnAbort(signal: AbortSignal | undefined, kill: () => Promise<void>, streams: StandardStreams, exit: Promise<unknown>): void {
  if (!signal) return;
  const onAbort = (): void => void kill().catch(() => streams.destroy());
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  exit.finally(() => signal.removeEventListener("abort", onAbort)).catch(() => {});
}

/** The process has ended meanwhile, or has no terminal: nothing to resize. */
function ignoreGone(error: unknown): void {
  if (!isCaissonError(error, "DAEMON_ERROR") && !isCaissonError(error, "CONTAINER_NOT_RUNNING")) throw error;
}
