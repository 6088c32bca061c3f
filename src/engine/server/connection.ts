/** Taking connections over from Node's HTTP parser, and bodies of requests that the parser has let go of. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Duplex, Readable } from "node:stream";
import { HttpFailure } from "./http-failure.js";

/** The longest body of a request that asks for another protocol, in bytes: the options of an exec. */
const BODY_MAX = 4 << 20;

/**
 * The older way, without asking for another protocol: what the client sends after the headers is no further request. The parser's listeners
 * go, and listening for data anew makes Node give up reading on the parser's behalf.
 */
export function takeOverPlain(request: IncomingMessage, response: ServerResponse): Duplex {
  const { socket } = request;
  for (const event of ["data", "end", "drain", "timeout", "error"]) socket.removeAllListeners(event);
  response.detachSocket(socket);
  socket.on("error", () => {});
  socket.setTimeout(0);
  // Node's parser sits on the handle itself until somebody listens for data.
  socket.on("data", ignore).off("data", ignore);
  socket.pause();
  return socket;
}

function ignore(): void {}

/** The body of a request after whose headers the parser stopped; what came after it goes back into the socket. @throws HttpFailure */
export async function readUpgradeBody(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<Readable> {
  if (request.headers["transfer-encoding"] !== undefined)
    throw new HttpFailure(411, "a request that asks for another protocol needs a Content-Length");
  const wanted = Number(request.headers["content-length"] ?? 0);
  if (!(wanted <= BODY_MAX)) throw new HttpFailure(413, `request body too large: more than ${BODY_MAX} bytes`);
  if (head.length > 0) socket.unshift(head);
  const chunks: Buffer[] = [];
  let left = wanted;
  while (left > 0) {
    const chunk = (socket.read(Math.min(left, socket.readableLength) || left) ?? socket.read()) as Buffer | null;
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) throw new HttpFailure(400, "unexpected EOF");
      await new Promise<void>((resolve) => {
        const done = (): void => {
          socket.off("readable", done).off("end", done).off("close", done);
          resolve();
        };
        socket.on("readable", done).on("end", done).on("close", done);
      });
      continue;
    }
    chunks.push(chunk.subarray(0, left));
    if (chunk.length > left) socket.unshift(chunk.subarray(left));
    left -= Math.min(chunk.length, left);
  }
  return Readable.from(chunks.length === 0 ? [] : [Buffer.concat(chunks)]);
}
