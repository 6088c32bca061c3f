/** A daemon that asks for every file once it has heard of all, as BuildKit does. */
import { expect, it } from "vitest";
import { PLAIN_ENTRY } from "../../../../../src/engine/build-context/tar-stream-codec.js";
import { type SentFile, sendFiles } from "../../../../../src/engine/remote/builds/buildkit/file-send.js";
import { Message, writeMessage } from "../../../../../src/engine/remote/builds/buildkit/protobuf.js";

const [STAT, REQUEST, DATA, FIN] = [0, 1, 2, 3];

function daemon() {
  const queue: Buffer[] = [];
  let wake = (): void => {};
  const ask = (...fields: [number, number][]): void => {
    queue.push(writeMessage(fields));
    wake();
  };
  const received = new Map<number, string>();
  const waiting = new Set<number>();
  let finished = false;
  let listed = 0;
  const call = {
    metadata: {},
    send: async (bytes: Buffer) => {
      const packet = new Message(bytes);
      const [kind, id, data] = [packet.number(1), packet.number(3), packet.bytes(4) ?? Buffer.alloc(0)];
      if (kind === STAT && (packet.bytes(2)?.length ?? 0) > 0) waiting.add(listed++);
      else if (kind === STAT) for (const each of waiting) ask([1, REQUEST], [3, each]);
      else if (kind === DATA && data.length > 0) received.set(id, (received.get(id) ?? "") + data);
      else if (kind === DATA) waiting.delete(id);
      else if (kind === FIN) finished = true;
      if (kind === DATA && waiting.size === 0) ask([1, FIN]);
    },
    messages: (async function* () {
      for (;;) {
        for (const message of queue.splice(0)) yield message;
        if (finished) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    })(),
  };
  return { call, received, done: () => finished };
}

const file = (name: string, contents: () => AsyncIterable<Uint8Array>): SentFile => ({
  entry: { ...PLAIN_ENTRY, name, type: "file", mode: 0o644, size: 5 },
  modified: 0n,
  contents,
});
const holding = (text: string) =>
  async function* () {
    yield Buffer.from(text);
  };
const broken = (message: string) => () => ({
  [Symbol.asyncIterator]: () => ({ next: (): Promise<never> => Promise.reject(new Error(message)) }),
});

it("sends what is asked for, and ends with the daemon", async () => {
  const { call, received, done } = daemon();
  await sendFiles(call, holdingFiles([file("a", holding("hello")), file("b", holding("world"))]));
  expect([[...received], done()]).toEqual([
    [
      [0, "hello"],
      [1, "world"],
    ],
    true,
  ]);
});

it("fails with a file that can't be read any more, for which the daemon would wait", async () => {
  const { call } = daemon();
  await expect(sendFiles(call, holdingFiles([file("a", holding("hello")), file("b", broken("ENOENT"))]))).rejects.toThrow("ENOENT");
});

it("fails with a directory that can't be listed", async () => {
  const { call } = daemon();
  const files = async function* () {
    yield file("a", holding("hello"));
    throw new Error("EACCES");
  };
  await expect(sendFiles(call, files())).rejects.toThrow("EACCES");
});

async function* holdingFiles(files: readonly SentFile[]): AsyncGenerator<SentFile> {
  yield* files;
}
