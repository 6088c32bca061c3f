/** bzip2 and xz: what images never use, and archives that people add to them or import still do. Decoders are loaded with the first use. */
import { PassThrough, pipeline, Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

const CHUNK = 1 << 20;

/** Any number of streams behind each other, as bzip2(1) reads them. Rejects with the decoder's error. */
export async function* unbzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: decoder } = await import("unbzip2-stream");
  // Its streams are of Node's first kind: the second one gives them an end to wait for.
  const output = new PassThrough({ highWaterMark: CHUNK });
  pipeline(Readable.from(source, { objectMode: false, highWaterMark: CHUNK }), decoder(), output, () => {});
  yield* output;
}

/** LZMA2 with CRC checks, as tar(1) and xz(1) write it unless told otherwise. One at a time: the decoder has one memory. Rejects with its error. */
export async function* unxz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = (await import("xz-decompress")).default;
  const compressed = Readable.toWeb(Readable.from(source, { objectMode: false, highWaterMark: CHUNK })) as ReadableStream<Uint8Array>;
  const reader = (new XzReadableStream(compressed) as ReadableStream<Uint8Array>).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) if (next.value.length > 0) yield next.value;
  } finally {
    // It trips over being given up once it has decoded all, whether or not all was read.
    await reader.cancel().catch(() => {});
  }
}
