/** The last lines of a log: one that was written in parts counts once, also where parts of the other stream are between them. Pure. */
import type { LogRecord } from "../../engine.js";

interface Part {
  readonly record: LogRecord;
  /** Its place in the log. */
  readonly place: number;
}

export class LogTail {
  readonly #lines: number;
  readonly #ended: Part[][] = [];
  /** In the order in which they began. */
  readonly #open = new Map<LogRecord["stream"], Part[]>();
  #places = 0;

  constructor(lines: number) {
    this.#lines = lines;
  }

  add(record: LogRecord): void {
    const parts = this.#open.get(record.stream) ?? [];
    parts.push({ record, place: this.#places++ });
    if (record.partial) this.#open.set(record.stream, parts);
    else {
      this.#open.delete(record.stream);
      this.#ended.push(parts);
      if (this.#ended.length > this.#lines) this.#ended.shift();
    }
  }

  /** In the log's order. Lines that have not ended are the last ones. */
  records(): readonly LogRecord[] {
    const lines = [...this.#ended, ...this.#open.values()];
    return lines
      .slice(Math.max(0, lines.length - this.#lines))
      .flat()
      .sort((a, b) => a.place - b.place)
      .map(({ record }) => record);
  }
}
