import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { joinStreams } from "../../../../src/engine/server/join-streams.js";

it("leaves the process at once when the client has left before", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as { port: number }).port, "127.0.0.1");
  client.on("error", () => {});
  const [socket] = (await once(server, "connection")) as [Socket];
  socket.on("error", () => {});
  client.destroy();
  socket.destroy();
  await once(socket, "close");
  let left = false;
  const never = new Promise<never>(() => {});
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), end: never };
  await joinStreams(socket, { ...streams, leave: () => (left = true) }, { tty: false, wanted: { stdout: true, stderr: true } });
  expect(left).toBe(true);
  server.close();
});
