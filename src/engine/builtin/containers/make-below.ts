/**
 * Directories in one that must be there. What a session writes has to be made so: a directory made with its parents would bring back that
 * of a session which has just ended, and nobody would take it away again.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";

/**
 * Makes `directory` unless it is there, and the places below it.
 *
 * @param places relative paths; the directories on the way are made, too
 * @throws NodeJS.ErrnoException ENOENT where what `directory` is in is not there
 */
export async function makeBelow(directory: string, places: Iterable<string>): Promise<void> {
  const steps = [...places].flatMap((place) => {
    const names = place.split(path.sep).filter(Boolean);
    return names.map((_, index) => path.join(directory, ...names.slice(0, index + 1)));
  });
  for (const each of new Set([directory, ...steps]))
    await mkdir(each).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
}
