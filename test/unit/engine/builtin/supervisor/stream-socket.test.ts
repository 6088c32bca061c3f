import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { StreamSocket } from "../../../../../src/engine/builtin/supervisor/stream-socket.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-streams-"));
});
afterAll(() => rm(directory, { recursive: true }));

const TOKEN = Buffer.from("8 bytes!");
const DEATH = new Error("the supervisor is gone");

function opened(name: string, death: Promise<Error | undefined>, patienceMs?: number): StreamSocket {
  const socket = new StreamSocket(death, patienceMs);
  socket.open(path.join(directory, name), TOKEN);
  return socket;
}

it("who reads from a supervisor that is gone is told so, though its end is seen later", async () => {
  const death = new Promise<Error>((resolve) => setTimeout(resolve, 20, DEATH));
  await expect(text(opened("nobody", death))).rejects.toBe(DEATH);
});

it("where the supervisor goes on, the error is the connection's", async () => {
  await expect(text(opened("nobody", new Promise(() => {}), 20))).rejects.toMatchObject({ code: "ENOENT" });
});

it("one that was told its name, which nobody has read, was not taken up", async () => {
  const server = createServer({ pauseOnConnect: true });
  server.listen(path.join(directory, "deaf"));
  await once(server, "listening");
  const socket = opened("deaf", Promise.resolve(DEATH));
  const [peer] = await once(server, "connection");
  await vi.waitUntil(() => socket.bytesWritten === TOKEN.length && socket.writableLength === 0);
  peer.destroy();
  await expect(text(socket)).rejects.toBe(DEATH);
  server.close();
});

it("one that was taken up, and whose reader leaves, breaks as pipes do", async () => {
  const server = createServer((peer) => peer.once("data", () => peer.destroy()));
  server.listen(path.join(directory, "leaves"));
  await once(server, "listening");
  const socket = opened("leaves", Promise.resolve(DEATH));
  const [peer] = await once(server, "connection");
  await once(peer, "close");
  socket.write("more");
  const [error] = await once(socket, "error");
  expect(error).toMatchObject({ code: "EPIPE" });
  server.close();
});

it("what is written and read goes through, each way to its own end", async () => {
  const server = createServer({ allowHalfOpen: true }, (peer) => {
    let got = "";
    peer.setEncoding("utf8").on("data", (chunk: string) => {
      got += chunk;
    });
    peer.on("end", () => peer.end(got.toUpperCase()));
  });
  server.listen(path.join(directory, "echoes"));
  await once(server, "listening");
  const socket = opened("echoes", new Promise(() => {}));
  socket.end(" more");
  expect(await text(socket)).toBe("8 BYTES! MORE");
  server.close();
});
