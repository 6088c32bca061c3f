/**
 * Reads a container's log, from its first byte that is kept or from its end, and follows it while the container writes.
 * Growth is announced by the supervisor; nothing here polls.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { LogRecord, LogsOptions } from "../../engine.js";
import { parseRecords, type RawRecord, RECORD_HEADER, readBase, splitLines } from "./log-records.js";
import { LogTail } from "./log-tail.js";

const READ_SIZE = 256 * 1024;

/** What the reader must know about the writer. */
export interface LogSource {
  /** Path of the current file; the one before it has `.1` appended. */
  readonly path: string;
  /** Resolves once the log is longer than `offset`, or complete. Rejects when the writer is gone. */
  grown(offset: number, signal: AbortSignal | undefined): Promise<{ readonly size: number; readonly complete: boolean }>;
}

/** Records of the log as `options` selects them. Ends at the end of the log, or when the signal fires. */
export async function* readLog(source: LogSource, options: LogsOptions = {}): AsyncGenerator<LogRecord> {
  const { follow = false, signal } = options;
  const cursor = new LogCursor(source.path);
  try {
    yield* selectTail(cursor, options);
    if (!follow) return;
    for (;;) {
      const state = await source.grown(cursor.offset, signal).catch(() => undefined);
      if (!state || signal?.aborted) return;
      for await (const record of cursor.read(state.size)) yield* selectLines(record, options);
      if (state.complete && cursor.offset >= state.size) return;
    }
  } finally {
    await cursor.close();
  }
}

/** Offset of the log's present end; 0 when there is none yet. */
export async function logEnd(path: string): Promise<number> {
  const cursor = new LogCursor(path);
  try {
    return await cursor.end();
  } finally {
    await cursor.close();
  }
}

/** Records from `offset` on, followed until the log is complete: what `attach` shows. */
export async function* followFrom(source: LogSource, offset: number, signal: AbortSignal | undefined): AsyncGenerator<RawRecord> {
  const cursor = new LogCursor(source.path, offset);
  try {
    for (;;) {
      const state = await source.grown(cursor.offset, signal).catch(() => undefined);
      if (!state || signal?.aborted) return;
      yield* cursor.read(state.size);
      if (state.complete && cursor.offset >= state.size) return;
    }
  } finally {
    await cursor.close();
  }
}

async function* selectTail(cursor: LogCursor, options: LogsOptions): AsyncGenerator<LogRecord> {
  const { tail } = options;
  if (tail === undefined) {
    for await (const record of cursor.read()) yield* selectLines(record, options);
    return;
  }
  const kept = new LogTail(tail);
  for await (const record of cursor.read())
    for (const line of selectLines(record, options)) kept.add({ ...line, data: Buffer.from(line.data) });
  yield* kept.records();
}

function* selectLines(record: RawRecord, options: LogsOptions): Generator<LogRecord> {
  const { stdout = true, stderr = true, since, until } = options;
  if (!(record.stream === "stdout" ? stdout : stderr)) return;
  if (since && record.timeNs < toNs(since)) return;
  if (until && record.timeNs > toNs(until)) return;
  yield* splitLines(record);
}

function toNs(date: Date): bigint {
  return BigInt(date.getTime()) * 1_000_000n;
}

/** A position in the log, across the rotation from one file to the next. */
class LogCursor {
  #file: FileHandle | undefined;
  #base = 0;
  #offset: number;
  readonly #path: string;

  /** @param from offset to start at; the first byte that is kept when left out */
  constructor(path: string, from?: number) {
    this.#path = path;
    this.#offset = from ?? -1;
  }

  /** Bytes of records before this position, since the container's first start. */
  get offset(): number {
    return Math.max(this.#offset, 0);
  }

  /** Everything from the position to `end`, an offset at which a record ends, or to the present end, across files. */
  async *read(end = Number.POSITIVE_INFINITY): AsyncGenerator<RawRecord> {
    if (this.offset >= end || (!this.#file && !(await this.#openFirst()))) return;
    yield* this.#readFile(end);
    // The file was renamed meanwhile when the current one begins where it ended.
    while (this.#offset < end && (await this.#openNext())) yield* this.#readFile(end);
  }

  async end(): Promise<number> {
    const file = await open(this.#path).catch(() => undefined);
    if (!file) return 0;
    try {
      const { size } = await file.stat();
      return (await baseOf(file)) + size - RECORD_HEADER;
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #openFirst(): Promise<boolean> {
    for (const path of [`${this.#path}.1`, this.#path]) {
      const file = await open(path).catch(() => undefined);
      if (!file) continue;
      const base = await baseOf(file);
      const end = base + (await file.stat()).size - RECORD_HEADER;
      if (this.#offset > end && path !== this.#path) {
        await file.close();
        continue;
      }
      this.#use(file, base);
      return true;
    }
    return false;
  }

  async #openNext(): Promise<boolean> {
    const file = await open(this.#path).catch(() => undefined);
    if (!file) return false;
    const base = await baseOf(file);
    if (base <= this.#base) {
      await file.close();
      return false;
    }
    await this.#file?.close();
    this.#use(file, base);
    return true;
  }

  #use(file: FileHandle, base: number): void {
    this.#file = file;
    this.#base = base;
    this.#offset = Math.max(this.#offset, base);
  }

  async *#readFile(end: number): AsyncGenerator<RawRecord> {
    let limit = READ_SIZE;
    while (this.#offset < end) {
      const file = this.#file;
      if (!file) return;
      // A buffer no larger than what is there: a hundred that follow would have a quarter of a megabyte each for a line.
      const size = Math.min(limit, end - this.#offset);
      const buffer = Buffer.allocUnsafe(size);
      const { bytesRead } = await file.read(buffer, 0, size, RECORD_HEADER + this.#offset - this.#base);
      const { records, consumed } = parseRecords(buffer.subarray(0, bytesRead));
      if (consumed === 0) {
        if (bytesRead < size || size < limit) return;
        limit *= 2; // one record larger than the buffer
        continue;
      }
      this.#offset += consumed;
      yield* records;
    }
  }
}

async function baseOf(file: FileHandle): Promise<number> {
  const header = Buffer.alloc(RECORD_HEADER);
  await file.read(header, 0, RECORD_HEADER, 0);
  return readBase(header);
}
