/** Calls of gRPC methods over a connection that is there already. */
import { type ClientHttp2Session, connect } from "node:http2";
import type { Duplex } from "node:stream";
import { frameMessage, GrpcFailure, unframeMessages } from "./grpc-messages.js";
import { http2Connection } from "./http2-connection.js";

export class GrpcClient {
  readonly #session: ClientHttp2Session;

  constructor(connection: Duplex) {
    this.#session = connect("http://buildkit", { createConnection: () => http2Connection(connection) });
    this.#session.on("error", () => {}); // each call hears of it
  }

  /** Answers with the messages that come. @throws GrpcFailure, and whatever broke the connection */
  async *stream(path: string, request: Buffer): AsyncGenerator<Buffer> {
    const call = this.#session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" });
    let trailers: Record<string, unknown> | undefined;
    call.on("trailers", (headers) => {
      trailers = headers;
    });
    call.on("response", (headers) => {
      // One that fails at once has its trailers for headers.
      if (headers["grpc-status"] !== undefined) trailers = headers;
    });
    call.end(frameMessage(request));
    try {
      yield* unframeMessages(call);
    } finally {
      call.close();
    }
    if (!trailers) throw new Error("the connection broke before the answer was complete");
    const failure = GrpcFailure.from(trailers);
    if (failure) throw failure;
  }

  /** @throws as `stream` */
  async unary(path: string, request: Buffer): Promise<Buffer> {
    let answer: Buffer | undefined;
    for await (const message of this.stream(path, request)) answer = message;
    return answer ?? Buffer.alloc(0);
  }

  close(): void {
    this.#session.destroy();
  }
}
