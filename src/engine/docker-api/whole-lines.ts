/** A log's lines as docker tells of them: each once it has ended, so that those of one stream don't cut into those of the other. Pure. */
import type { LogRecord } from "../engine.js";

/** A longer line is told of in parts of at least so many bytes (moby daemon/logger/copier.go). */
const PART_BYTES = 16 << 10;

interface OpenLine {
  readonly parts: Buffer[];
  readonly bytes: number;
  readonly timeNs: bigint;
}

/** What has not ended is told of at the end of the log. A line's time is that of its end, so that times go on as the lines do. */
export async function* wholeLines(records: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord> {
  const open = new Map<LogRecord["stream"], OpenLine>();
  for await (const record of records) {
    const { stream, data, timeNs, partial } = record;
    const line = open.get(stream);
    if (!line && !partial) {
      yield record;
      continue;
    }
    const { parts, bytes }: Pick<OpenLine, "parts" | "bytes"> = line ?? { parts: [], bytes: 0 };
    // Whoever reads may use the bytes of a record again for the next one.
    parts.push(partial ? Buffer.from(data) : data);
    if (partial && bytes + data.length < PART_BYTES) open.set(stream, { parts, bytes: bytes + data.length, timeNs });
    else {
      open.delete(stream);
      yield { stream, data: Buffer.concat(parts), timeNs, partial };
    }
  }
  for (const [stream, { parts, timeNs }] of open) yield { stream, data: Buffer.concat(parts), timeNs, partial: true };
}
