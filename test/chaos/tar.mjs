/** A tar of some files, for a process that has nothing of the tests but this. */
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

export function tarOf(files) {
  const tar = pack();
  for (const [name, content] of files) tar.entry({ name }, content);
  tar.finalize();
  return buffer(tar);
}
