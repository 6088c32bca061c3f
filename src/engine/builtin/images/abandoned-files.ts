/** What pulls, loads and pushes that were cut off have left behind: unfinished blobs, which the next try goes on with, and temporary directories. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";

/** Nobody goes on with it after so long. Whoever still writes is seen by the time of its file. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/**
 * Removes what lies in a directory and has not been written to for a day.
 * @param remove of one path; what it fails at stays for the next time
 * @returns bytes of the files that are gone; what directories held is not counted
 */
export async function removeAbandoned(
  directory: string,
  isTemporary: (name: string) => boolean,
  remove: (path: string) => Promise<void>,
  now = Date.now(),
): Promise<number> {
  const names = (await readdir(directory).catch(() => [])).filter(isTemporary);
  let bytes = 0;
  for (const name of names) {
    const file = path.join(directory, name);
    const found = await stat(file).catch(() => undefined);
    if (!found || now - found.mtimeMs < ABANDONED_MS) continue;
    bytes += await remove(file).then(
      () => (found.isFile() ? found.size : 0),
      () => 0,
    );
  }
  return bytes;
}
