/** Streams that may be compressed, which their first bytes tell. */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CaissonError } from "../errors.js";

const CHUNK = 1 << 20;
const MAGIC_LENGTH = 6;

const FORMATS = [
  { name: "gzip", magic: [0x1f, 0x8b] },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: "xz", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { name: "bzip2", magic: [0x42, 0x5a, 0x68] },
] as const;

/**
 * The plain bytes.
 * @throws LAYER_INVALID for data that is damaged or cut short
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { gzip, bytes } = await inflatable(source);
  yield* gzip ? gunzip(bytes) : bytes;
}

/** For a reader that inflates by itself: gzip as it is, anything else as {@link decompress} has it. */
export async function inflatable(source: AsyncIterable<Uint8Array>): Promise<{ gzip: boolean; bytes: AsyncIterable<Uint8Array> }> {
  const { head, rest } = await peek(source);
  const format = FORMATS.find(({ magic }) => magic.every((byte, index) => head[index] === byte))?.name;
  if (format === undefined || format === "gzip") return { gzip: format === "gzip", bytes: rest };
  return { gzip: false, bytes: format === "zstd" ? unzstd(rest) : rare(format, rest) };
}

async function peek(source: AsyncIterable<Uint8Array>): Promise<{ head: Buffer; rest: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < MAGIC_LENGTH) {
    const { value, done } = await iterator.next();
    if (done) break;
    first.push(value);
    length += value.byteLength;
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      yield* first;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(first), rest: rest() };
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false, highWaterMark: CHUNK });
  const gunzipper = createGunzip({ chunkSize: CHUNK });
  // The source's own error must not be mistaken for a damaged archive.
  let sourceError: Error | undefined;
  input.on("error", (error) => {
    sourceError = error;
    gunzipper.destroy(error);
  });
  try {
    yield* input.pipe(gunzipper);
  } catch (error) {
    throw sourceError ?? damaged("gzip", error as Error);
  } finally {
    input.destroy();
  }
}

async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  const ready: Uint8Array[] = [];
  const decompressor = new Decompress((chunk) => ready.push(chunk));
  for await (const chunk of source) {
    try {
      decompressor.push(chunk);
    } catch (error) {
      throw damaged("zstd", error as Error);
    }
    yield* ready.splice(0);
  }
  try {
    decompressor.push(new Uint8Array(0), true);
  } catch (error) {
    throw damaged("zstd", error as Error);
  }
  yield* ready;
}

async function* rare(format: "bzip2" | "xz", source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { unbzip2, unxz } = await import("./decompress-rare.js");
  let sourceError: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  };
  try {
    yield* format === "xz" ? unxz(watched()) : unbzip2(watched());
  } catch (error) {
    throw sourceError ?? damaged(format, error as Error);
  }
}

function damaged(format: string, cause: Error): CaissonError<"LAYER_INVALID"> {
  return new CaissonError("LAYER_INVALID", `The archive's ${format} data is damaged or cut short: ${cause.message}`, {
    facts: { reason: cause.message },
    cause,
  });
}
