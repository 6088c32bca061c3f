/** Docker's `timestamps`: each line of a log begins with its time. Pure. */
import type { LogRecord } from "../engine.js";
import { nanosecondText } from "./times.js";

/** For the records of one log, in their order. The time goes in front of lines, not of what goes on in one. */
export function lineStamps(): (record: LogRecord) => Buffer {
  const midway = { stdout: false, stderr: false };
  return ({ stream, timeNs, data, partial }) => {
    const stamped = midway[stream] ? data : Buffer.concat([Buffer.from(`${nanosecondText(timeNs)} `), data]);
    midway[stream] = partial;
    return stamped;
  };
}
