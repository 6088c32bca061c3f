/** Tar streams under other names: what an engine packs, as docker names it. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header, pack } from "tar-stream";

/** `dir/file` as `./file`. */
export function dotted(tar: Readable): Readable {
  return renamed(tar, (name) => `./${name.split("/").slice(1).join("/")}`);
}

/** Of a whole root file system: without what is in the places of mounts, and without a name for the root. @param mounts absolute paths */
export function withoutMounts(tar: Readable, mounts: readonly string[]): Readable {
  const hidden = mounts.map((mount) => `${mount.replace(/^\/+|\/+$/g, "")}/`);
  return renamed(tar, (name) => {
    const local = name.replace(/^\.?\/+/, "");
    const within = hidden.some((mount) => local.startsWith(mount) && local !== mount);
    return local === "" || within ? undefined : local;
  });
}

/** Destroying it destroys the source, too. @param rename undefined leaves the entry out */
function renamed(tar: Readable, rename: (name: string) => string | undefined): Readable {
  const output = pack();
  const entries = extract();
  const copy = async (): Promise<void> => {
    for await (const entry of entries) {
      const name = rename(entry.header.name);
      if (name === undefined) entry.resume();
      else await pipeline(entry, output.entry(headerOf(entry.header, name, rename)));
    }
    output.finalize();
  };
  Promise.all([pipeline(tar, entries), copy()]).catch((error: Error) => output.destroy(error));
  const readable = Readable.from(output, { objectMode: false });
  readable.once("close", () => tar.destroy());
  return readable;
}

function headerOf(header: Header, name: string, rename: (name: string) => string | undefined): Header {
  const linkname = header.type === "link" && header.linkname ? (rename(header.linkname) ?? header.linkname) : header.linkname;
  // Their paths in pax records would win over those that are given here.
  const { path: _path, linkpath: _linkpath, size: _size, ...pax } = (header.pax ?? {}) as Record<string, string>;
  return { ...header, name, linkname: linkname ?? null, pax: Object.keys(pax).length > 0 ? pax : null } as Header;
}
