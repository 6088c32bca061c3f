/** A container's own standard streams. Output comes from its log, from now on or from the start; input goes over a stream. */
import { PassThrough, type Writable } from "node:stream";
import type { AttachedStreams, AttachOptions, TerminalSize } from "../../engine.js";
import { followFrom, type LogSource, logEnd } from "../logs/log-reader.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "./container-record.js";
import type { Session } from "./session.js";

/** Where a container's log is, and how to hear of its growth. */
export function logSource(session: Session, record: ContainerRecord): LogSource {
  return {
    path: record.logPath,
    async grown(offset, signal) {
      const reply = await session.supervisor.request(Message.LOG_WAIT, (writer) => writer.text(Tag.ID, record.id).u64(Tag.OFFSET, offset), {
        signal,
        operation: "logs",
      });
      return { size: reply.u64(Tag.SIZE) ?? 0, complete: reply.u64(Tag.FLAGS) === 1 };
    },
  };
}

/** Works before the start as well: then everything that the container writes is seen. */
export async function attachContainer(session: Session, record: ContainerRecord, options: AttachOptions): Promise<AttachedStreams> {
  const abort = new AbortController();
  const detach = (): void => abort.abort();
  options.signal?.addEventListener("abort", detach, { once: true });
  const from = options.logs || !record.running ? 0 : await logEnd(record.logPath);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  void copyOutput(session, record, from, stdout, stderr, abort.signal);
  const stdin = options.stdin && record.spec.openStdin ? attachStdin(session, record) : undefined;
  return {
    stdin,
    stdout,
    stderr,
    detach,
    async resize({ rows, columns }: TerminalSize) {
      await session.supervisor
        .request(Message.RESIZE, (writer) => writer.text(Tag.ID, record.id).u64(Tag.ROWS, rows).u64(Tag.COLUMNS, columns))
        .catch((error: unknown) => {
          throw error instanceof SupervisorFailure ? error.asError("Resizing the terminal") : error;
        });
    },
  };
}

async function copyOutput(
  session: Session,
  record: ContainerRecord,
  from: number,
  stdout: PassThrough,
  stderr: PassThrough,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (record.starts === 0) await Promise.race([record.firstStart.promise, aborted(signal)]);
    for await (const { stream, data } of followFrom(logSource(session, record), from, signal)) {
      const target = stream === "stdout" ? stdout : stderr;
      if (!target.write(data)) await new Promise((resolve) => target.once("drain", resolve).once("close", resolve));
    }
  } finally {
    stdout.end();
    stderr.end();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Written data waits in the stream until the container runs. */
function attachStdin(session: Session, record: ContainerRecord): Writable {
  const { token, socket } = session.supervisor.openStream();
  socket.on("error", () => {}); // the container has closed its stdin, or is gone
  socket.resume();
  void record.firstStart.promise
    .then(() =>
      session.supervisor.request(Message.STDIN, (writer) =>
        writer
          .text(Tag.ID, record.id)
          .u64(Tag.TOKEN_IN, token)
          .u64(Tag.FLAGS, record.spec.stdinOnce ? 1 : 0),
      ),
    )
    .catch((error: unknown) => socket.destroy(error as Error));
  return socket;
}
