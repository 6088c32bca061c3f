/** Moving data from async iterables to the supervisor's streams, and from those to whoever reads. */
import type { Socket } from "node:net";
import { type Readable, Transform } from "node:stream";
import { aborted } from "../../aborted.js";
import { drained } from "../../drained.js";
import { abortError } from "../../errors.js";
import type { Fields, FieldWriter } from "./codec.js";
import type { RequestOptions, Supervisor } from "./supervisor.js";

/**
 * A request that reads a stream to its end. A source that fails cancels the request, and its error is the one that counts: the
 * supervisor only saw data that stops.
 *
 * @param fill puts the stream's token among the request's fields
 * @throws SupervisorFailure, SUPERVISOR_DIED, ABORTED, and whatever the source throws
 */
export async function requestWithInput(
  supervisor: Supervisor,
  kind: number,
  fill: (writer: FieldWriter, token: bigint) => void,
  data: AsyncIterable<Uint8Array>,
  { signal, operation = "request" }: Pick<RequestOptions, "signal" | "operation">,
): Promise<Fields> {
  const { token, socket } = supervisor.openStream();
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const done = supervisor.request(kind, (writer) => fill(writer, token), { signal: either, operation });
  const sent = writeAll(socket, data, signal);
  let broken: { readonly reason: unknown } | undefined;
  sent.catch((reason: unknown) => {
    broken = { reason };
    stop.abort();
  });
  // A source that has nothing to say is not waited for once nobody wants it any more, or the supervisor has refused it.
  const ended = new AbortController();
  const both = done.then((fields) => sent.then(() => fields));
  const abandoned = aborted(signal, ended.signal).then(() => done);
  try {
    const fields = await Promise.race([both, abandoned]);
    if (signal?.aborted) throw abortError(operation, signal);
    return fields;
  } catch (error) {
    if (broken) throw broken.reason;
    if (signal?.aborted) throw abortError(operation, signal);
    throw error;
  } finally {
    ended.abort();
    socket.destroy();
  }
}

function nothing(): undefined {
  return undefined;
}

/**
 * Writes everything, then half-closes. Rejects with the source's error; a peer that stops reading early (it refused what
 * it read, and says so in its reply) just ends the writing.
 */
async function writeAll(socket: Socket, data: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  socket.on("error", () => {}); // the reply tells why
  socket.resume();
  try {
    for await (const chunk of data) {
      if (socket.destroyed || signal?.aborted) return;
      if (!socket.write(chunk)) await drained(socket);
    }
    socket.end();
  } catch (error) {
    // Without a half-close the other side would take what it got for all there is.
    socket.destroy();
    throw error;
  }
}

/**
 * What a request writes to a stream. It ends once the request has succeeded, and not with the data: those stop as well when the supervisor
 * or its worker is killed in the middle. @param done the request; its error is the stream's
 */
export function requestOutput(socket: Socket, done: Promise<unknown>): Readable {
  const output = new Transform({
    transform: (chunk, _, next) => next(null, chunk),
    flush: (next) => void done.then(() => next(), next),
    destroy(error, closed) {
      socket.destroy();
      closed(error);
    },
  });
  output.on("error", nothing); // whoever reads sees it, maybe later
  // Why it breaks off, the request says better than the socket.
  socket.on("error", (error) => void done.then(() => output.destroy(error), nothing));
  // One that was refused has nobody who would end the data.
  done.catch((error: Error) => output.destroy(error));
  socket.pipe(output);
  return output;
}
