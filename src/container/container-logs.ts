/** A container's output: line by line with stream and time, or as one readable. */
import { Readable } from "node:stream";
import type { LogRecord } from "../engine/engine.js";
import { type LogLine, logLines } from "../wait/log-lines.js";

export class ContainerLogs implements AsyncIterable<LogLine> {
  readonly #open: () => AsyncIterable<LogRecord>;

  /** @param open begins to read anew */
  constructor(open: () => AsyncIterable<LogRecord>) {
    this.#open = open;
  }

  [Symbol.asyncIterator](): AsyncIterator<LogLine> {
    return logLines(this.#open())[Symbol.asyncIterator]();
  }

  /** The bytes as they were written, both streams together in order; `stream` chooses one. */
  readable(stream?: "stdout" | "stderr"): Readable {
    return Readable.from(bytesOf(this.#open(), stream), { objectMode: false });
  }
}

async function* bytesOf(records: AsyncIterable<LogRecord>, stream: LogRecord["stream"] | undefined): AsyncGenerator<Buffer> {
  for await (const record of records) if (stream === undefined || record.stream === stream) yield record.data;
}
