/** A container's own standard streams. Output comes from its log, from now on or from the start; input goes over a stream. */
import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { aborted } from "../../aborted.js";
import { drained } from "../../drained.js";
import type { AttachedStreams, AttachOptions, TerminalSize } from "../../engine.js";
import { detachable, parseDetachKeys } from "../../spec/detach-keys.js";
import { followFrom, type LogSource, logEnd } from "../logs/log-reader.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import { settledWithin } from "./abortable.js";
import type { ContainerRecord } from "./container-record.js";
import type { Session } from "./session.js";

const LET_GO_MS = 500;

/** Where a container's log is, and how to hear of its growth. */
export function logSource(session: Session, record: ContainerRecord): LogSource {
  return {
    path: record.logPath,
    async grown(offset, signal) {
      for (;;) {
        const run = record.starts;
        const reply = await session.supervisor.request(
          Message.LOG_WAIT,
          (writer) => writer.text(Tag.ID, record.id).u64(Tag.OFFSET, offset),
          {
            signal,
            operation: "logs",
          },
        );
        const size = reply.u64(Tag.SIZE) ?? 0;
        if (reply.u64(Tag.FLAGS) !== 1) return { size, complete: false };
        if (size > offset) return { size, complete: !restarts(record) };
        if (!(await goesOn(record, run, signal))) return { size, complete: true };
      }
    },
  };
}

function restarts({ spec: { restartPolicy } }: ContainerRecord): boolean {
  return restartPolicy !== undefined && restartPolicy.name !== "no";
}

/** After the end of a run's log: whether its restart policy starts another run. */
async function goesOn(record: ContainerRecord, run: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (!restarts(record) || record.status === "exited" || record.removed) return false;
  if (record.starts !== run) return true;
  const again = record.nextStart.promise.then(() => true);
  const over = record.ended.promise.then(() => false);
  const told = new AbortController();
  const left = aborted(signal, told.signal).then(() => false);
  return Promise.race([again, over, left])
    .catch(() => false)
    .finally(() => told.abort());
}

/**
 * Works before the start as well: then everything that the container writes is seen.
 * @throws OPTION_INVALID
 */
export async function attachContainer(session: Session, record: ContainerRecord, options: AttachOptions): Promise<AttachedStreams> {
  const keys = record.spec.tty ? parseDetachKeys(options.detachKeys) : Buffer.alloc(0);
  const abort = new AbortController();
  const socket = options.stdin && record.spec.openStdin ? attachStdin(session, record) : undefined;
  const detach = (): void => {
    abort.abort();
    if (record.starts > 0) socket?.end();
    else socket?.destroy(); // nobody has taken it up
  };
  const stdin = socket && keys.length > 0 ? detachable(socket, keys, detach) : socket;
  options.signal?.addEventListener("abort", detach, { once: true });
  const live = record.running || record.status === "restarting";
  const from = options.logs || record.starts === 0 ? 0 : await logEnd(record.logPath);
  // Of a container that has ended, what it will write once it runs again.
  const begun = live || (record.starts > 0 && options.logs) ? undefined : nextRun(record);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const copied = copyOutput(session, record, { from, begun, stdout, stderr, signal: abort.signal });
  record.readers.add(copied);
  void copied.catch(() => {}).then(() => record.readers.delete(copied));
  const end = copied.then(async () => {
    if (!abort.signal.aborted) return "exit";
    if (socket) await letGo(socket);
    return "detach";
  });
  end.catch(() => {}); // not everybody wants to know
  return {
    stdin,
    stdout,
    stderr,
    detach,
    end,
    resize: (size) => resizeTerminal(session, record, size),
  };
}

/** A container without a terminal has nothing to resize. */
export async function resizeTerminal(session: Session, record: ContainerRecord, { rows, columns }: TerminalSize): Promise<void> {
  await session.supervisor
    .request(Message.RESIZE, (writer) => writer.text(Tag.ID, record.id).u64(Tag.ROWS, rows).u64(Tag.COLUMNS, columns))
    .catch((error: unknown) => {
      throw error instanceof SupervisorFailure ? error.asError("Resizing the terminal") : error;
    });
}

/** What was typed has gone on to the container, and the next one can type. A container that doesn't read is not waited for. */
async function letGo(socket: Socket): Promise<void> {
  const closed = new Promise((resolve) => (socket.closed ? resolve(undefined) : socket.once("close", resolve)));
  await settledWithin(closed, LET_GO_MS);
  socket.destroy();
}

function nextRun(record: ContainerRecord): Promise<void> {
  return record.starts === 0 ? record.firstStart.promise : record.nextStart.promise;
}

interface OutputCopy {
  /** Offset in the log. */
  readonly from: number;
  /** Nothing is read before. */
  readonly begun: Promise<void> | undefined;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  readonly signal: AbortSignal;
}

async function copyOutput(session: Session, record: ContainerRecord, copy: OutputCopy): Promise<void> {
  const { from, begun, stdout, stderr, signal } = copy;
  try {
    if (begun) await Promise.race([begun, aborted(signal)]);
    for await (const { stream, data } of followFrom(logSource(session, record), from, signal)) {
      const target = stream === "stdout" ? stdout : stderr;
      if (!target.write(data)) await drained(target);
    }
  } finally {
    stdout.end();
    stderr.end();
  }
}

/** Written data waits in the stream until the container runs. */
function attachStdin(session: Session, record: ContainerRecord): Socket {
  const { token, socket } = session.supervisor.openStream();
  socket.on("error", () => {}); // the container has closed its stdin, or is gone
  socket.resume();
  const begun = record.running || record.status === "restarting" ? Promise.resolve() : nextRun(record);
  void begun
    .then(() =>
      session.supervisor.request(Message.STDIN, (writer) =>
        writer
          .text(Tag.ID, record.id)
          .u64(Tag.TOKEN_IN, token)
          // A terminal has no end to be closed: who comes back finds it as it was.
          .u64(Tag.FLAGS, record.spec.stdinOnce && !record.spec.tty ? 1 : 0),
      ),
    )
    .catch((error: unknown) => socket.destroy(error as Error));
  return socket;
}
