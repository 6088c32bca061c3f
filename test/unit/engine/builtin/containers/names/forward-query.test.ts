import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { forwardQuery } from "../../../../../../src/engine/builtin/containers/names/forward-query.js";

const QUERY = Buffer.from("123401000001000000000000", "hex");
/** The kernel refuses to connect to it: it is for broadcasts. */
const NO_WAY = { address: "255.255.255.255" };

const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function nameServer(answer: (query: Buffer, socket: Socket, port: number) => void): Promise<{ address: string; port: number }> {
  const socket = createSocket("udp4").on("message", (query, { port }) => answer(query, socket, port));
  open.push(socket.bind(0, "127.0.0.1"));
  await once(socket, "listening");
  return { address: "127.0.0.1", port: socket.address().port };
}

it("goes on to the next server where no way leads to the first, or nobody listens", async () => {
  const answering = await nameServer((query, socket, port) => socket.send(Buffer.concat([query, Buffer.from("!")]), port));
  const closed = await nameServer(() => {});
  (open.pop() as Socket).close();
  expect(await forwardQuery(QUERY, [NO_WAY, closed, answering], false)).toEqual(Buffer.concat([QUERY, Buffer.from("!")]));
});

it("asks under another id, and takes no answer to that of the container", async () => {
  const ids: number[] = [];
  const answering = await nameServer((query, socket, port) => {
    ids.push(query.readUInt16BE(0));
    const wrong = Buffer.from(query);
    wrong.writeUInt16BE((query.readUInt16BE(0) + 1) % 0x1_0000);
    socket.send(wrong, port, () => socket.send(query, port));
  });
  const answers = await Promise.all(Array.from({ length: 8 }, () => forwardQuery(QUERY, [answering], false)));
  expect(answers).toEqual(Array(8).fill(QUERY));
  expect(new Set(ids).size).toBeGreaterThan(1);
});

it("is undefined where no server can be asked, over either protocol", async () => {
  expect(await forwardQuery(QUERY, [NO_WAY], false)).toBeUndefined();
  expect(await forwardQuery(QUERY, [NO_WAY], true)).toBeUndefined();
  expect(await forwardQuery(QUERY, [], false)).toBeUndefined();
});

it("over a stream, puts an answer together that comes in pieces", async () => {
  const server = createServer((socket) => {
    socket.once("data", (query) => {
      const answer = query.subarray(2);
      socket.write(Buffer.from([0]));
      setImmediate(() => socket.write(Buffer.concat([Buffer.from([answer.length]), answer])));
    });
  }).listen(0, "127.0.0.1");
  open.push(server);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  expect(await forwardQuery(QUERY, [{ address: "127.0.0.1", port }], true)).toEqual(QUERY);
});
