/** Tar streams under other names: what the engine packs, as docker names it. */
import type { Readable } from "node:stream";
import { extract, type Header, pack } from "tar-stream";

type TarEntry = Readable & { readonly header: Header };

/** `dir/file` as `./file`. */
export function dotted(tar: Readable): AsyncIterable<Buffer> {
  return renamed(tar, (name) => `./${name.split("/").slice(1).join("/")}`);
}

/** File systems of the kernel's: their directories are there, empty. */
const PSEUDO = ["proc", "sys", "dev"];

/** Of a whole root file system: without what is mounted in it, and without a name for the root. @param mounts absolute paths */
export function exported(tar: Readable, mounts: readonly string[]): AsyncIterable<Buffer> {
  const hidden = [...PSEUDO, ...mounts.map((mount) => mount.replace(/^\/+|\/+$/g, ""))];
  return renamed(tar, (name) => {
    const local = name.replace(/^\.?\/+/, "");
    if (local === "" || hidden.some((mount) => local.startsWith(`${mount}/`) && local !== `${mount}/`)) return undefined;
    return local;
  });
}

/** @param rename undefined leaves the entry out */
function renamed(tar: Readable, rename: (name: string) => string | undefined): AsyncIterable<Buffer> {
  const output = pack();
  void (async () => {
    const entries = tar.pipe(extract());
    tar.once("error", (error) => entries.destroy(error));
    for await (const entry of entries as AsyncIterable<unknown> as AsyncIterable<TarEntry>) {
      const name = rename(entry.header.name);
      if (name === undefined) entry.resume();
      else await writeEntry(output, entry, name, rename);
    }
    output.finalize();
  })().catch((error: Error) => output.destroy(error));
  return output as unknown as AsyncIterable<Buffer>;
}

function writeEntry(
  output: ReturnType<typeof pack>,
  entry: TarEntry,
  name: string,
  rename: (name: string) => string | undefined,
): Promise<void> {
  const { header } = entry;
  const linkname = header.type === "link" && header.linkname ? (rename(header.linkname) ?? header.linkname) : header.linkname;
  // Their paths in pax records would win over those that are given here.
  const { path: _path, linkpath: _linkpath, size: _size, ...pax } = (header.pax ?? {}) as Record<string, string>;
  const changed = { ...header, name, linkname: linkname ?? null, pax: Object.keys(pax).length > 0 ? pax : null } as Header;
  return new Promise((resolve, reject) => {
    const target = output.entry(changed, (error) => (error ? reject(error) : resolve()));
    if (target) entry.pipe(target);
    else entry.resume();
  });
}
