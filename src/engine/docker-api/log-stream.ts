/** `GET /containers/{id}/logs?timestamps=1`: each message with its time in front of it, as records of the contract. Pure. */
import type { LogRecord } from "../engine.js";
import { readPieces } from "./raw-stream.js";

/** RFC 3339, with a fraction of any length, and a space. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) /;
const TIMESTAMP_MAX = 40;
/** A longer line is cut into messages of this many bytes (moby daemon/logger/copier.go). */
const MESSAGE_MAX = 16 << 10;
const NEWLINE = 0x0a;

/**
 * A header with which our client asks our server for a time in front of each part of a line, too: daemons wait for the end of a line before
 * they tell of it, or for {@link MESSAGE_MAX}.
 */
export const STAMP_PARTS = "caisson-stamp-parts";

export function timestampNanoseconds(text: string): bigint | undefined {
  const [, date, fraction = "", zone] = TIMESTAMP.exec(`${text} `) ?? [];
  return date === undefined ? undefined : BigInt(Date.parse(`${date}${zone}`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** @param terminal the container has one: then there are no pieces, and everything is stdout */
export async function* readLogStream(source: AsyncIterable<Uint8Array>, terminal: boolean): AsyncGenerator<LogRecord> {
  // What has no time goes on in a line that has one.
  const latest = { stdout: 0n, stderr: 0n };
  const recordOf = (stream: LogRecord["stream"], message: Buffer): LogRecord => {
    const { timeNs = latest[stream], data } = splitStamp(message);
    latest[stream] = timeNs;
    return { stream, timeNs, data, partial: data.at(-1) !== NEWLINE };
  };
  if (terminal) {
    for await (const message of splitMessages(source)) yield recordOf("stdout", message);
    return;
  }
  for await (const { stream, data } of readPieces(source)) yield recordOf(stream === "stderr" ? "stderr" : "stdout", data);
}

function splitStamp(message: Buffer): { readonly timeNs: bigint | undefined; readonly data: Buffer } {
  const head = message.subarray(0, TIMESTAMP_MAX).toString("latin1");
  const length = TIMESTAMP.exec(head)?.[0].length ?? 0;
  return { timeNs: timestampNanoseconds(head.slice(0, Math.max(0, length - 1))), data: message.subarray(length) };
}

/** Messages end with their line, or after so many bytes where another one begins. */
async function* splitMessages(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
    for (let end = messageEnd(pending); end > 0; end = messageEnd(pending)) {
      yield pending.subarray(0, end);
      pending = pending.subarray(end);
    }
  }
  if (pending.length > 0) yield pending;
}

/** 0 when there is no whole message yet. */
function messageEnd(bytes: Buffer): number {
  const line = bytes.indexOf(NEWLINE) + 1;
  const head = TIMESTAMP.exec(bytes.subarray(0, TIMESTAMP_MAX).toString("latin1"))?.[0].length ?? 0;
  const longest = head + MESSAGE_MAX;
  if (line > 0 && line <= longest) return line;
  return TIMESTAMP.test(bytes.subarray(longest, longest + TIMESTAMP_MAX).toString("latin1")) ? longest : line;
}
