/** A tar that BuildKit knows as one: it looks at the first bytes, and takes an archive of nothing, which is zeros, for a Dockerfile. */
import { PLAIN_ENTRY, tarHeader } from "../../../build-context/tar-stream-codec.js";

const ROOT = { ...PLAIN_ENTRY, name: ".", type: "directory", mode: 0o755 } as const;

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
