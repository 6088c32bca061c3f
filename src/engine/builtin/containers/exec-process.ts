/** Further processes in a running container. */
import { randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import type { ContainerExit, ExecProcess, ExecSpec, TerminalSize } from "../../engine.js";
import { abortError, CaissonError, throwIfAborted } from "../../errors.js";
import { detachable, parseDetachKeys } from "../../spec/detach-keys.js";
import { signalNumber } from "../../spec/signals.js";
import { planExec } from "../runtime/plan-exec.js";
import { type Plan, writePlan } from "../supervisor/codec.js";
import { ExecFlag, Message, Tag } from "../supervisor/protocol.js";
import type { RawExit, Supervisor } from "../supervisor/supervisor.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import { Deferred } from "./deferred.js";
import { containerExit } from "./exit-status.js";
import { commandFailure, failedOperation } from "./plan-failure.js";
import type { Session } from "./session.js";
import { readUsers } from "./user-files.js";

/** @throws CONTAINER_NOT_RUNNING, CONTAINER_PAUSED, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, EXEC_FAILED, OPTION_INVALID, ABORTED */
export async function startExec(session: Session, record: ContainerRecord, spec: ExecSpec): Promise<ExecProcess> {
  throwIfAborted("exec", spec.signal);
  const process = record.process;
  if (!record.running || !process) throw notRunning(record);
  if (record.status === "paused") throw isPaused(record);
  // A user by name is looked up in the container as it is now: it may have added one since the start.
  const users = spec.user === undefined ? record.users : await readUsers(session, record);
  const { plan } = planExec({
    spec,
    container: record.spec,
    process,
    users: users ?? { passwd: [], group: [] },
    host: session.host,
    join: record.join,
  });
  const { supervisor } = session;
  const keys = spec.tty && spec.stdin ? parseDetachKeys(spec.detachKeys) : Buffer.alloc(0);
  const id = randomBytes(8).toString("hex");
  const exit = new ExecExit(supervisor, id);
  const streams = openStreams(supervisor, spec);
  try {
    const reply = await supervisor.request(Message.EXEC, (writer) => {
      writer.text(Tag.ID, record.id).text(Tag.EXEC_ID, id);
      if (record.cgroup) writer.text(Tag.CGROUP, record.cgroup);
      if (spec.tty) writer.u64(Tag.TTY, 1);
      if (record.spec.pidMode === "host") writer.u64(Tag.FLAGS, ExecFlag.OWN_PIDS);
      if (streams.stdin) writer.u64(Tag.TOKEN_IN, streams.stdin.token);
      writer.u64(Tag.TOKEN_OUT, streams.stdout.token);
      if (streams.stderr) writer.u64(Tag.TOKEN_ERR, streams.stderr.token);
      writer.nested(Tag.PLAN, (nested) => writePlan(nested, plan));
    });
    const send = async (signal: string | number, whole = false): Promise<void> => {
      await supervisor
        .request(Message.SIGNAL, (writer) => {
          writer.text(Tag.EXEC_ID, id).u64(Tag.SIGNAL, signalNumber(signal));
          if (whole) writer.u64(Tag.FLAGS, 1);
        })
        .catch(ignoreGone);
    };
    const pid = reply.u64(Tag.PID) ?? 0;
    record.execs.add(pid);
    const over = (): void => void record.execs.delete(pid);
    exit.promise.then(over, over);
    killOnAbort(spec.signal, () => send("SIGKILL", true), exit.promise);
    return {
      ...connect(streams, keys, exit.promise),
      stderr: streams.stderr?.socket ?? Readable.from([]),
      pid,
      exit: exit.promise,
      kill: (signal = "SIGKILL") => send(signal),
      resize: async ({ rows, columns }: TerminalSize) => {
        await supervisor
          .request(Message.RESIZE, (writer) => writer.text(Tag.EXEC_ID, id).u64(Tag.ROWS, rows).u64(Tag.COLUMNS, columns))
          .catch(ignoreGone);
      },
    };
  } catch (error) {
    exit.forget();
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream?.socket.destroy();
    if (!(error instanceof SupervisorFailure)) throw error;
    throw execFailure(record, spec, error, plan);
  }
}

/** The streams as they are, or with a way out: then what the process goes on to write is read, and dropped. */
function connect(
  { stdin, stdout }: ReturnType<typeof openStreams>,
  keys: Buffer,
  exit: Promise<unknown>,
): Pick<ExecProcess, "stdin" | "stdout" | "end"> {
  const exited = exit.then(
    () => "exit" as const,
    () => "exit" as const,
  );
  if (!stdin || keys.length === 0) return { stdin: stdin?.socket, stdout: stdout.socket, end: exited };
  const left = new Deferred<"detach">();
  const output = stdout.socket.pipe(new PassThrough());
  const leave = (): void => {
    stdout.socket.unpipe(output);
    stdout.socket.resume();
    output.end();
    left.resolve("detach");
  };
  return { stdin: detachable(stdin.socket, keys, leave), stdout: output, end: Promise.race([left.promise, exited]) };
}

export function isPaused(record: ContainerRecord): CaissonError<"CONTAINER_PAUSED"> {
  return new CaissonError("CONTAINER_PAUSED", `Container ${record.name} (${record.shortId}) is paused`, {
    facts: { containerId: record.id },
    remedy: "Unpause it first.",
  });
}

export function notRunning(record: ContainerRecord): CaissonError {
  return new CaissonError("CONTAINER_NOT_RUNNING", `Container ${record.name} (${record.shortId}) is not running: it is ${record.status}`, {
    facts: { containerId: record.id, status: record.status },
    remedy: record.status === "restarting" ? "Its restart policy will start it again: wait until it runs." : undefined,
  });
}

function openStreams(supervisor: Supervisor, spec: ExecSpec) {
  const stdin = spec.stdin ? supervisor.openStream() : undefined;
  const stdout = supervisor.openStream();
  const stderr = spec.tty ? undefined : supervisor.openStream();
  for (const stream of [stdin, stdout, stderr]) {
    // A reader that leaves, or a process that closes its stdin, resets the connection: that is how pipes end, not a fault.
    stream?.socket.on("error", () => {});
  }
  stdin?.socket.resume();
  return { stdin, stdout, stderr };
}

/** Resolves with the exit of one process; keeps Node alive until then. */
class ExecExit {
  readonly #deferred = new Deferred<ContainerExit>();
  readonly #supervisor: Supervisor;
  readonly #id: string;

  constructor(supervisor: Supervisor, id: string) {
    this.#supervisor = supervisor;
    this.#id = id;
    supervisor.retain();
    supervisor.on("execExit", this.#onExit);
    supervisor.on("end", this.#onEnd);
  }

  get promise(): Promise<ContainerExit> {
    return this.#deferred.promise;
  }

  forget(): void {
    this.#supervisor.off("execExit", this.#onExit);
    this.#supervisor.off("end", this.#onEnd);
    this.#supervisor.release();
  }

  readonly #onExit = (id: string, raw: RawExit): void => {
    if (id !== this.#id) return;
    this.forget();
    this.#deferred.resolve(containerExit(raw));
  };

  readonly #onEnd = (): void => {
    this.forget();
    this.#deferred.reject(this.#supervisor.death);
  };
}

function killOnAbort(signal: AbortSignal | undefined, kill: () => Promise<void>, exit: Promise<unknown>): void {
  if (!signal) return;
  const onAbort = (): void => void kill().catch(() => {});
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  exit.finally(() => signal.removeEventListener("abort", onAbort)).catch(() => {});
}

/** The process has ended meanwhile: nothing left to signal or resize. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof SupervisorFailure && (error.code === "ESRCH" || error.code === "ENOTTY"))) throw error;
}

function execFailure(record: ContainerRecord, spec: ExecSpec, failure: SupervisorFailure, plan: Plan): CaissonError {
  if (spec.signal?.aborted) return abortError("exec", spec.signal);
  if (failure.code === "ESRCH" && failure.operation === undefined) return notRunning(record);
  const command = commandFailure(failure, failedOperation(failure, [], plan));
  if (command) return command;
  return new CaissonError("EXEC_FAILED", `Could not execute ${spec.command.join(" ")} in ${record.name}: ${failure.message}`, {
    facts: { containerId: record.id, command: spec.command, errno: failure.code },
    cause: failure,
  });
}
