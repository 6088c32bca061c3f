/** Joins the streams of a process to a connection that was taken over. */
import type { Duplex, Readable, Writable } from "node:stream";
import { encodePiece } from "../docker-api/raw-stream.js";
import { drained } from "../drained.js";
import type { Exchange } from "./exchange.js";

export interface ProcessStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The process has ended, or was left. */
  readonly end: Promise<unknown>;
  /** The client is gone. */
  leave(): void;
}

/** Since 1.42 the type tells which of the two formats it is. */
export function streamType(exchange: Exchange, tty: boolean): string {
  return exchange.version >= 42 && !tty ? "application/vnd.docker.multiplexed-stream" : "application/vnd.docker.raw-stream";
}

export interface JoinOptions {
  /** One stream as it is, instead of pieces of two. */
  readonly tty: boolean;
  readonly wanted: { readonly stdout: boolean; readonly stderr: boolean };
}

/** Resolves when the output has ended or the client has left. The client's half-close is the end of the input, no more. */
export async function joinStreams(socket: Duplex, streams: ProcessStreams, { tty, wanted }: JoinOptions): Promise<void> {
  const { stdin, stdout, stderr } = streams;
  // The client may be gone already, and says so no second time.
  if (socket.destroyed) {
    streams.leave();
    return;
  }
  if (stdin) {
    stdin.on("error", () => {}); // the process has closed it, or is gone
    socket.pipe(stdin);
  } else socket.resume(); // so that its end is noticed
  const closed = new Promise<void>((resolve) => socket.once("close", resolve));
  // What ended is asked about as soon as the connection closes: it has to be known by then.
  const copied = Promise.all([
    streams.end.catch(() => {}),
    copy(stdout, wanted.stdout ? socket : undefined, (data) => (tty ? data : encodePiece("stdout", data))),
    copy(stderr, wanted.stderr ? socket : undefined, (data) => (tty ? data : encodePiece("stderr", data))),
  ]);
  await Promise.race([copied, closed]);
  if (socket.destroyed) {
    streams.leave();
    return;
  }
  if (stdin) socket.unpipe(stdin);
  socket.resume();
  socket.end();
  // Whoever doesn't close its side has had all there is.
  const patience = setTimeout(() => socket.destroy(), LINGER_MS);
  await closed;
  clearTimeout(patience);
  streams.leave();
}

const LINGER_MS = 10_000;

/** At the client's pace; without a target what comes is dropped. */
async function copy(source: Readable, target: Duplex | undefined, encode: (data: Buffer) => Buffer): Promise<void> {
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (!target || target.destroyed) continue;
      if (!target.write(encode(chunk))) await drained(target);
    }
  } catch {
    // Broken off: what came is all there is.
  }
}
