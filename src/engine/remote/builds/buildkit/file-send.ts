/** FileSync/DiffCopy: files as BuildKit asks for them (tonistiigi/fsutil): what there is is listed, and sent where the daemon has not got it. */
import type { TarEntry } from "../../../build-context/tar-stream-codec.js";
import type { GrpcCall } from "./grpc-server.js";
import { Message, writeMessage } from "./protobuf.js";

export interface SentFile {
  /** `name` is relative to the directory. */
  readonly entry: TarEntry;
  /** Nanoseconds: a file of the same time and size is not fetched again. */
  readonly modified: bigint;
  contents(): AsyncIterable<Uint8Array>;
}

/** Kinds of packets. */
const STAT = 0;
const REQUEST = 1;
const DATA = 2;
const FIN = 3;
const ERROR = 4;
const PIECE = 32 << 10;

/** Go's os.FileMode, which the wire has. */
const MODE_BITS = { directory: 1 << 31, symlink: 1 << 27, fifo: 1 << 25, setuid: 1 << 23, setgid: 1 << 22, sticky: 1 << 20 };

/**
 * Fails with the first file that can't be read: the daemon would wait for it.
 * @param files parents before children, sorted by name
 */
export async function sendFiles(call: GrpcCall, files: AsyncIterable<SentFile>): Promise<void> {
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  await Promise.race([answerRequests(call, files, fail), failed]);
}

async function answerRequests({ messages, send }: GrpcCall, files: AsyncIterable<SentFile>, fail: (error: unknown) => void): Promise<void> {
  const known: SentFile[] = [];
  const listing = (async () => {
    for await (const file of files) {
      known.push(file);
      await send(packet(STAT, { stat: statMessage(file) }));
    }
    await send(packet(STAT, {}));
  })();
  listing.catch(fail);
  let sending = Promise.resolve();
  for await (const bytes of messages) {
    const message = new Message(bytes);
    const kind = message.number(1);
    if (kind === ERROR) throw new Error(message.text(4));
    if (kind === FIN) {
      await Promise.all([listing, sending]);
      await send(packet(FIN, {}));
      return;
    }
    if (kind !== REQUEST) continue;
    const id = message.number(3);
    // One after the other: their pieces may mix, but nothing is gained by it.
    sending = sending.then(() => sendContents(send, id, known[id]));
    sending.catch(fail);
  }
  await Promise.all([listing, sending]);
}

async function sendContents(send: GrpcCall["send"], id: number, file: SentFile | undefined): Promise<void> {
  if (file) {
    for await (const chunk of file.contents()) {
      for (let at = 0; at < chunk.length; at += PIECE) await send(packet(DATA, { id, data: chunk.subarray(at, at + PIECE) }));
    }
  }
  await send(packet(DATA, { id }));
}

function packet(type: number, { stat, id = 0, data = Buffer.alloc(0) }: { stat?: Buffer; id?: number; data?: Uint8Array }): Buffer {
  return writeMessage([
    [1, type],
    [2, stat ?? Buffer.alloc(0)],
    [3, id],
    [4, data],
  ]);
}

function statMessage({ entry, modified }: SentFile): Buffer {
  return writeMessage([
    [1, entry.name],
    [2, goMode(entry)],
    [3, entry.uid],
    [4, entry.gid],
    [5, entry.size],
    [6, modified],
    [7, entry.link],
  ]);
}

function goMode({ type, mode }: Pick<TarEntry, "type" | "mode">): number {
  let bits = mode & 0o777;
  if (mode & 0o4000) bits |= MODE_BITS.setuid;
  if (mode & 0o2000) bits |= MODE_BITS.setgid;
  if (mode & 0o1000) bits |= MODE_BITS.sticky;
  if (type === "directory" || type === "symlink" || type === "fifo") bits |= MODE_BITS[type];
  return bits >>> 0;
}
