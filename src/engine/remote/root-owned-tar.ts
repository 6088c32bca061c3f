/** A tar whose files belong to root, whoever they belonged to. The API keeps owners, or takes the container's user. */
import { Readable as NodeReadable, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import tar from "tar-stream";

export function rootOwnedTar(source: AsyncIterable<Uint8Array>): Readable {
  const pack = tar.pack();
  const extract = tar.extract();
  const copy = async (): Promise<void> => {
    for await (const entry of extract) {
      const { uname: _, gname: __, ...header } = entry.header;
      await pipeline(entry, pack.entry({ ...header, uid: 0, gid: 0 }));
    }
    pack.finalize();
  };
  Promise.all([pipeline(NodeReadable.from(source), extract), copy()]).catch((error: Error) => pack.destroy(error));
  return NodeReadable.from(pack, { objectMode: false });
}
