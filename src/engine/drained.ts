/** Room in a stream that is written to by hand. */
import type { Writable } from "node:stream";

/** Resolves when the stream takes more, or nothing any more. Keeps no listener. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    // A closed stream tells nothing again, and one that has room no drain.
    if (stream.destroyed || !stream.writableNeedDrain) {
      resolve();
      return;
    }
    const done = (): void => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}
