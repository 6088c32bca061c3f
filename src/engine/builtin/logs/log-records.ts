/**
 * The format of a container's log file (native/log.h): records of a 16-byte header and the bytes as the process wrote them.
 * Pure: bytes to records, records to lines.
 */
import type { LogRecord } from "../../engine.js";

export const RECORD_HEADER = 16;

const STDOUT = 1;
const STDERR = 2;

/** A record as it stands in the file: any number of lines, read at once. */
export interface RawRecord {
  readonly stream: "stdout" | "stderr";
  readonly timeNs: bigint;
  readonly data: Buffer;
}

/** Offset in the whole log at which this file begins: the first field of its first header (native/log.h). */
export function readBase(header: Buffer): number {
  return Number(header.readBigUInt64LE(0));
}

/** Whole records at the start of `bytes`, and how many bytes they take. A record cut short is left for the next call. */
export function parseRecords(bytes: Buffer): { readonly records: RawRecord[]; readonly consumed: number } {
  const records: RawRecord[] = [];
  let at = 0;
  while (bytes.length - at >= RECORD_HEADER) {
    const length = bytes.readUInt32LE(at + 8);
    if (bytes.length - at - RECORD_HEADER < length) break;
    const stream = bytes[at + 12];
    const timeNs = bytes.readBigUInt64LE(at);
    const data = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    if (stream === STDOUT || stream === STDERR) records.push({ stream: stream === STDOUT ? "stdout" : "stderr", timeNs, data });
    at += RECORD_HEADER + length;
  }
  return { records, consumed: at };
}

/** One {@link LogRecord} a line; what follows the last newline is partial. */
export function* splitLines({ stream, timeNs, data }: RawRecord): Generator<LogRecord> {
  let from = 0;
  while (from < data.length) {
    const newline = data.indexOf(10, from);
    const to = newline < 0 ? data.length : newline + 1;
    yield { stream, timeNs, data: data.subarray(from, to), partial: newline < 0 };
    from = to;
  }
}
