/** Answers that tell of progress, a line of JSON each. */
import { errorLine } from "../docker-api/progress-lines.js";
import type { ImageProgress } from "../engine.js";
import type { JsonLines } from "./exchange.js";
import { asHttpFailure } from "./http-failure.js";

/** Events of the image as a whole have its name for an id. */
export function isLayer({ id }: ImageProgress): boolean {
  return /^[0-9a-f]{12}$/.test(id);
}

/** What fails once the answer has begun ends it with a line that says so. */
export async function inLines(lines: JsonLines, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!lines.begun) throw error;
    await lines.write(errorLine(asHttpFailure(error).message));
  }
  lines.end();
}
