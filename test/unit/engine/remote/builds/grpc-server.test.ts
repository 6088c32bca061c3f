/** What a daemon may send at once, over a connection that is no socket of Node's (TLS, ssh). */
import { once } from "node:events";
import { Duplex, PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { serveGrpc } from "../../../../../src/engine/remote/builds/buildkit/grpc-server.js";
import { cancelledCall, frame, PREFACE, SETTINGS } from "../../../../fixtures/http2-frames.js";

it("a call that is taken back with its beginning ends nothing else", async () => {
  const [toServer, fromServer] = [new PassThrough(), new PassThrough()];
  serveGrpc(Duplex.from({ readable: toServer, writable: fromServer }), { "/x": async () => {} });
  toServer.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]));
  await once(fromServer, "data");
  toServer.write(cancelledCall(1));
  await sleep(20);
  // The next one is answered.
  const answered = once(fromServer, "data");
  toServer.write(cancelledCall(3).subarray(0, -13));
  expect((await answered)[0]).toBeInstanceOf(Buffer);
  toServer.destroy();
});
