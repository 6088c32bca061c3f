/** The gRPC server that a session is: the daemon calls us, over a connection that we opened. */
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { drained } from "../../../drained.js";
import { encodeText, frameMessage, GRPC, GrpcFailure, unframeMessages } from "./grpc-messages.js";
import { http2Connection } from "./http2-connection.js";

export interface GrpcCall {
  readonly metadata: IncomingHttpHeaders;
  readonly messages: AsyncIterable<Buffer>;
  /** Resolves when more may be sent. */
  send(message: Buffer): Promise<void>;
}

/** Fails with a {@link GrpcFailure}, or with anything, which is told as an unknown error. */
export type GrpcHandler = (call: GrpcCall) => Promise<void>;

/** By path: `/package.Service/Method`. Ends with the connection. */
export function serveGrpc(connection: Duplex, handlers: Readonly<Record<string, GrpcHandler>>): void {
  const server = createServer({ settings: { maxConcurrentStreams: 1024 } });
  server.on("sessionError", () => {}); // the daemon's calls end with it, and so does the build
  server.on("stream", (stream, headers) => void answer(stream, headers, handlers).catch(() => stream.destroy()));
  server.emit("connection", http2Connection(connection));
}

async function answer(
  stream: ServerHttp2Stream,
  metadata: IncomingHttpHeaders,
  handlers: Readonly<Record<string, GrpcHandler>>,
): Promise<void> {
  stream.on("error", () => {}); // the daemon has hung up, which it may
  if (stream.destroyed || stream.closed) return;
  let trailers: Record<string, string> = { "grpc-status": String(GRPC.ok) };
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => {
    if (!stream.destroyed) stream.sendTrailers(trailers);
  });
  const handler = handlers[metadata[":path"] ?? ""];
  const room = roomIn(stream);
  try {
    if (!handler) throw new GrpcFailure(GRPC.unimplemented, `there is no ${metadata[":path"]} here`);
    await handler({
      metadata,
      // A handler that has heard enough has still to answer.
      messages: unframeMessages(stream.iterator({ destroyOnReturn: false })),
      send: async (message) => {
        if (stream.destroyed) throw new GrpcFailure(GRPC.unavailable, "the daemon has hung up");
        if (!stream.write(frameMessage(message))) await room();
      },
    });
  } catch (error) {
    const { status, message } = error instanceof GrpcFailure ? error : new GrpcFailure(GRPC.unknown, (error as Error).message);
    trailers = { "grpc-status": String(status), "grpc-message": encodeText(message) };
  }
  if (!stream.destroyed) stream.end();
}

/** Resolves when the stream takes more, or nothing any more; for all who wait at once. */
function roomIn(stream: ServerHttp2Stream): () => Promise<void> {
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= drained(stream).then(() => {
      waiting = undefined;
    });
    return waiting;
  };
}

/** A method with one message each way. */
export function unary(work: (request: Buffer) => Promise<Buffer>): GrpcHandler {
  return async ({ messages, send }) => {
    for await (const request of messages) {
      await send(await work(request));
      return;
    }
    throw new GrpcFailure(GRPC.invalidArgument, "the call has no message");
  };
}
