/** Blobs on their way into the store: written while they are read, kept when they break off, so that the next try goes on. */
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../../errors.js";
import { verified } from "../../oci/digest.js";
import type { ContentStore } from "./content-store.js";
import type { Descriptor } from "./manifest.js";
import { inStore } from "./store-failure.js";

const READ_SIZE = 1 << 20;
/** Written in pieces of at least this size: sockets bring small ones. */
const WRITE_SIZE = 1 << 20;

/**
 * The blob's bytes: first those that an earlier try left, then what `download` brings from there on. The blob is in the store
 * when the stream has ended; whoever stops reading before leaves what there is for the next try.
 *
 * @param directory for unfinished blobs, on the store's file system
 * @throws DIGEST_MISMATCH, DISK_FULL, STORE_UNWRITABLE, and what `download` throws
 */
export async function* ingestBlob(
  content: ContentStore,
  directory: string,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  download: (offset: number) => AsyncIterable<Buffer>,
  what: string,
): AsyncGenerator<Buffer> {
  const file = path.join(directory, `${digest.replace(":", "-")}.partial`);
  const handle = await inStore(file, async () => {
    await mkdir(directory, { recursive: true });
    return open(file, "a+");
  });
  try {
    // Whoever clears up leaves alone what is in use.
    await handle.utimes(new Date(), new Date());
    yield* verified(resumed(handle, file, size, download), digest, what);
    await content.adopt(file, digest);
  } catch (error) {
    if (error instanceof CaissonError && error.code === "DIGEST_MISMATCH") await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function* resumed(
  handle: FileHandle,
  file: string,
  size: number,
  download: (offset: number) => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let offset = (await handle.stat()).size;
  if (offset > size) {
    await handle.truncate(0);
    offset = 0;
  }
  for (let position = 0; position < offset; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_SIZE, offset - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  if (offset === size) return;
  let pending: Buffer[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    const pieces = pending;
    pending = [];
    length = 0;
    await inStore(file, () => writeAll(handle, pieces));
  };
  try {
    for await (const chunk of download(offset)) {
      pending.push(chunk);
      length += chunk.length;
      if (length >= WRITE_SIZE) await flush();
      yield chunk;
    }
  } finally {
    await flush();
  }
}

/** A disk that is about to be full takes a part and says nothing: only who goes on is told (write(2)). */
export async function writeAll(
  handle: { writev(pieces: readonly Buffer[]): Promise<{ readonly bytesWritten: number }> },
  pieces: readonly Buffer[],
): Promise<void> {
  let rest = pieces.filter((piece) => piece.length > 0);
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest);
    while (rest[0] !== undefined && bytesWritten >= rest[0].length) {
      bytesWritten -= rest[0].length;
      rest = rest.slice(1);
    }
    if (rest[0] !== undefined) rest = [rest[0].subarray(bytesWritten), ...rest.slice(1)];
  }
}
