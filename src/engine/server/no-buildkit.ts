/** What clients of BuildKit are told: buildx, and docker's command line with DOCKER_BUILDKIT=1. */
import type { Exchange } from "./exchange.js";
import { HttpFailure } from "./http-failure.js";

export const NO_BUILDKIT =
  "BuildKit is not served here. The classic builder is, which understands the same Dockerfiles: set DOCKER_BUILDKIT=0, or use `caisson build`";
/** The trailers of a call that ends before it begins (gRPC over HTTP/2, "Responses"). */
const UNIMPLEMENTED = { "grpc-status": "12", "grpc-message": NO_BUILDKIT };

/**
 * `POST /grpc`: a connection on which every call fails with the reason. Where there is none, buildx takes the daemon for one without a builder,
 * and starts BuildKit in a container, from an image of Docker Hub's, which keeps what it builds.
 */
export async function refuseCalls(exchange: Exchange): Promise<void> {
  if (!exchange.upgrade) throw new HttpFailure(501, NO_BUILDKIT);
  const { createServer } = await import("node:http2");
  const calls = createServer();
  calls.on("sessionError", () => {}); // the client has left
  calls.on("stream", (stream) => {
    stream.on("error", () => {});
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ":status": 200, "content-type": "application/grpc", ...UNIMPLEMENTED }, { endStream: true });
  });
  calls.emit("connection", exchange.hijack("application/grpc", "h2c"));
}

/** `POST /session`: older command lines wait on it to be asked for files, and hear the reason from the build that they ask for meanwhile. */
export async function keepSession(exchange: Exchange): Promise<void> {
  if (!exchange.upgrade) throw new HttpFailure(501, NO_BUILDKIT);
  const socket = exchange.hijack("application/grpc", "h2c");
  socket.on("end", () => socket.end()).resume();
}
