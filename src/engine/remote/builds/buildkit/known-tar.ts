/** A tar that BuildKit knows as one: it looks at the first bytes, and takes an archive of nothing, which is zeros, for a Dockerfile. */
import { tarHeader } from "../../../build-context/tar-stream-codec.js";

const ROOT = {
  name: "./",
  type: "directory",
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  link: "",
  major: 0,
  minor: 0,
  xattrs: [],
} as const;

/** @param tar its chunks, of any size @returns the same, with an entry for its root where it has none at all */
export async function* knownTar(tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun = false;
  for await (const chunk of tar) {
    // No header begins with zero: that would be a name of no characters.
    if (!begun && chunk.length > 0) {
      if (chunk[0] === 0) yield tarHeader(ROOT);
      begun = true;
    }
    yield chunk;
  }
}
