/** Docker's `timestamps`: each line of a log begins with its time. Pure. */
import type { LogRecord } from "../engine.js";
import { nanosecondText } from "./times.js";

/** For the records of one log, in their order. The time goes in front of lines, not of what goes on in one. */
export function lineStamps(): (record: LogRecord) => Buffer {
  const midway = { stdout: false, stderr: false };
  return (record) => {
    const { stream, data, partial } = record;
    const stamped = midway[stream] ? data : recordStamp(record);
    midway[stream] = partial;
    return stamped;
  };
}

/** For whoever takes each record apart again. */
export function recordStamp({ timeNs, data }: LogRecord): Buffer {
  return Buffer.concat([Buffer.from(`${nanosecondText(timeNs)} `), data]);
}
