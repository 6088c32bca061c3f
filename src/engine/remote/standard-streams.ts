/** A hijacked connection as the standard streams of a process: input that can be closed alone, outputs apart. */
import { type Duplex, PassThrough, Writable } from "node:stream";
import { PieceReader } from "../docker-api/raw-stream.js";
import { DetachWatcher } from "../spec/detach-keys.js";

export interface StandardStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  /** Settles when the daemon has ended its side; never rejects. */
  readonly ended: Promise<StreamsEnding>;
  /** Ends the outputs, or has them fail. Idempotent. */
  close(error?: Error): void;
  /** Breaks the connection off. */
  destroy(): void;
}

export interface StreamsEnding {
  /** The keys that detach were typed. */
  readonly detached: boolean;
  readonly error: Error | undefined;
}

export interface StreamsOptions {
  /** Everything is stdout, and nothing is framed. */
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Those that the daemon looks for as well. None where there is no terminal to leave. */
  readonly detachKeys: Buffer;
  /** Look for them here, and leave by hanging up: Podman sees only those that come one at a time. @default false */
  readonly hangUp?: boolean | undefined;
  /** Leave the outputs open at the end: somebody goes on to write, or has to find out why it came. */
  readonly keepOpen?: boolean;
}

export function standardStreams(socket: Duplex, options: StreamsOptions): StandardStreams {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  // Whoever reads one is told; nobody has to.
  for (const output of [stdout, stderr]) output.on("error", () => {});
  const close = (error?: Error): void => {
    for (const output of [stdout, stderr]) error && !output.writableEnded ? output.destroy(error) : output.end();
  };
  const typed = { detached: false };
  const stdin = options.stdin ? inputOf(socket, options, typed) : undefined;
  if (!options.stdin) socket.end();
  const ended = copyOutput(socket, options.terminal, stdout, stderr).then(
    () => undefined,
    (error: Error) => error,
  );
  return {
    stdin,
    stdout,
    stderr,
    ended: ended.then((error) => {
      stdin?.destroy();
      socket.destroy();
      if (!options.keepOpen) close();
      return { detached: typed.detached, error };
    }),
    close,
    destroy: () => socket.destroy(),
  };
}

function inputOf(socket: Duplex, { detachKeys, hangUp = false }: StreamsOptions, typed: { detached: boolean }): Writable {
  const watcher = new DetachWatcher(detachKeys);
  const stdin = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (typed.detached || detachKeys.length === 0) return void socket.write(chunk, done);
      const { pass, detached } = watcher.feed(chunk);
      typed.detached = detached;
      if (!hangUp) socket.write(chunk, done);
      else socket.write(pass, detached ? () => socket.destroy() : done);
    },
    final(done) {
      socket.end(done);
    },
  });
  // The process doesn't read any more, or is gone: that is how pipes end, not a fault.
  stdin.on("error", () => {});
  return stdin;
}

async function copyOutput(socket: Duplex, terminal: boolean, stdout: PassThrough, stderr: PassThrough): Promise<void> {
  const reader = new PieceReader();
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    if (terminal) await write(stdout, chunk);
    else for (const { stream, data } of reader.push(chunk)) await write(stream === "stderr" ? stderr : stdout, data);
  }
}

/** Who reads one output alone must not wait for ever: what nobody reads is kept. */
async function write(output: PassThrough, data: Buffer): Promise<void> {
  if (output.destroyed || output.write(data)) return;
  if (output.readableFlowing === null && output.listenerCount("readable") === 0) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      output.off("drain", go).off("close", go);
      resolve();
    };
    output.on("drain", go).on("close", go);
  });
}
