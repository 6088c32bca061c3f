/** From log records, which are pieces as a process wrote them, to whole lines of text. */
import type { LogRecord } from "../engine/engine.js";

export interface LogLine {
  readonly stream: "stdout" | "stderr";
  /** When the line's first piece was written. */
  readonly time: Date;
  /** Without its line ending; bytes that aren't UTF-8 become U+FFFD. */
  readonly line: string;
}

interface Unfinished {
  readonly timeNs: bigint;
  readonly pieces: Buffer[];
}

/** Joins the pieces of each stream; what is left without a newline at the end is a line as well. */
export async function* logLines(records: AsyncIterable<LogRecord>): AsyncGenerator<LogLine> {
  const unfinished = new Map<LogRecord["stream"], Unfinished>();
  for await (const { stream, timeNs, data, partial } of records) {
    const line = unfinished.get(stream) ?? { timeNs, pieces: [] };
    line.pieces.push(data);
    if (partial) {
      unfinished.set(stream, line);
    } else {
      unfinished.delete(stream);
      yield finish(stream, line);
    }
  }
  for (const [stream, line] of unfinished) yield finish(stream, line);
}

function finish(stream: LogRecord["stream"], { timeNs, pieces }: Unfinished): LogLine {
  const [only] = pieces;
  const bytes = pieces.length === 1 && only ? only : Buffer.concat(pieces);
  // The newline is cut from the text, not from the bytes: a record belongs to the engine.
  return { stream, time: new Date(Number(timeNs / 1_000_000n)), line: bytes.toString("utf8").replace(/\r?\n$/, "") };
}
