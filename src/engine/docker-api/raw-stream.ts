/**
 * The multiplexed stream of attach, exec and logs without a terminal (Engine API, "ContainerAttach", stream format): before each piece eight
 * bytes, `[stream, 0, 0, 0, length as u32 big-endian]`.
 */

export type StandardStream = "stdin" | "stdout" | "stderr";

export interface StreamPiece {
  readonly stream: StandardStream;
  readonly data: Buffer;
}

/** How an answer of logs and attach says that it is one (API 1.42). */
export const MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream";
export const RAW_STREAM = "application/vnd.docker.raw-stream";

const HEADER = 8;
const STREAMS: readonly StandardStream[] = ["stdin", "stdout", "stderr"];

export function encodePiece(stream: StandardStream, data: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header[0] = STREAMS.indexOf(stream);
  header.writeUInt32BE(data.byteLength, 4);
  return Buffer.concat([header, data]);
}

/** Cuts a byte stream into pieces; a long piece is handed over in parts, as it comes. */
export class PieceReader {
  #pending: Buffer = Buffer.alloc(0);
  #stream: StandardStream = "stdout";
  #left = 0;

  /** @throws RangeError for what is no multiplexed stream */
  *push(chunk: Uint8Array): Generator<StreamPiece> {
    let bytes =
      this.#pending.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      if (this.#left > 0 && bytes.length > 0) {
        const data = bytes.subarray(0, this.#left);
        bytes = bytes.subarray(data.length);
        this.#left -= data.length;
        yield { stream: this.#stream, data };
      }
      if (this.#left > 0 || bytes.length < HEADER) break;
      const stream = STREAMS[bytes[0]!];
      if (stream === undefined || bytes.readUIntBE(1, 3) !== 0) throw new RangeError("This is no multiplexed stream");
      this.#stream = stream;
      this.#left = bytes.readUInt32BE(4);
      bytes = bytes.subarray(HEADER);
    }
    this.#pending = bytes;
  }

  /** More of the piece that was handed over last is to come. */
  get within(): boolean {
    return this.#left > 0;
  }

  /** The stream broke off in the middle of a piece. */
  get cut(): boolean {
    return this.#left > 0 || this.#pending.length > 0;
  }
}

/** Whole pieces, however they come. @throws RangeError for what is no multiplexed stream */
export async function* readPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<StreamPiece> {
  const reader = new PieceReader();
  let parts: Buffer[] = [];
  for await (const chunk of source) {
    for (const { stream, data } of reader.push(chunk)) {
      parts.push(data);
      if (reader.within) continue;
      yield { stream, data: parts.length === 1 ? data : Buffer.concat(parts) };
      parts = [];
    }
  }
}
