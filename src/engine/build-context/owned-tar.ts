/** A tar all of whose files belong to one user, whoever they belonged to. */
import { Readable as NodeReadable, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import tar from "tar-stream";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export function ownedTar(source: AsyncIterable<Uint8Array>, { uid, gid }: Owner): Readable {
  const pack = tar.pack();
  const extract = tar.extract();
  const copy = async (): Promise<void> => {
    for await (const entry of extract) {
      const { uname: _, gname: __, pax, ...header } = entry.header;
      // Records of a large id would win over what the header says.
      const { uid: _uid, gid: _gid, uname: _uname, gname: _gname, ...records } = (pax ?? {}) as Record<string, string>;
      await pipeline(entry, pack.entry({ ...header, ...(Object.keys(records).length > 0 ? { pax: records } : {}), uid, gid }));
    }
    pack.finalize();
  };
  Promise.all([pipeline(NodeReadable.from(source), extract), copy()]).catch((error: Error) => pack.destroy(error));
  return NodeReadable.from(pack, { objectMode: false });
}
