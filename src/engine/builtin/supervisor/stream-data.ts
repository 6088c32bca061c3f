/** Moving data from async iterables to the supervisor's streams. */
import type { Socket } from "node:net";

/**
 * Writes everything, then half-closes. Rejects with the source's error; a peer that stops reading early (it refused what
 * it read, and says so in its reply) just ends the writing.
 */
export async function writeAll(socket: Socket, data: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  socket.on("error", () => {}); // the reply tells why
  socket.resume();
  try {
    for await (const chunk of data) {
      if (socket.destroyed || signal?.aborted) return;
      if (!socket.write(chunk) && !socket.destroyed) await drained(socket);
    }
    socket.end();
  } catch (error) {
    // Without a half-close the other side would take what it got for all there is.
    socket.destroy();
    throw error;
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}
