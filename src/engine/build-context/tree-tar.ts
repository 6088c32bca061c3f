/** Files of a tree as a tar, to be unpacked elsewhere under another name. */
import type { TreeFile } from "./file-tree.js";
import { TAR_END, type TarEntry, tarHeader, tarPadding } from "./tar-stream-codec.js";

/** @param name what was asked for is called in the archive; "" for its contents alone */
export async function* treeTar(files: AsyncIterable<TreeFile>, name: string): AsyncGenerator<Buffer> {
  const place = (below: string): string => [name, below].filter(Boolean).join("/");
  for await (const { entry, contents } of files) {
    if (place(entry.name) === "") continue;
    const link = entry.type === "hardlink" ? place(entry.link) : entry.link;
    yield* tarFile({ ...entry, name: place(entry.name), link }, contents);
  }
  yield TAR_END;
}

export async function* tarFile(entry: TarEntry, contents: () => AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield tarHeader(entry);
  if (entry.type !== "file" || entry.size === 0) return;
  yield* contents();
  yield tarPadding(entry.size);
}
