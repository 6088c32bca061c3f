/**
 * A build context on this host: its directory without what the ignore file names. Links are followed inside the directory alone;
 * owners count as root, as in BuildKit.
 */
import { createReadStream, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import type { DigestCache } from "./digest-cache.js";
import type { FileTree, TreeFile } from "./file-tree.js";
import { matchExpression } from "./glob.js";
import type { IgnoreFile, Matches } from "./ignore-file.js";
import type { FileType, TarEntry } from "./tar-stream-codec.js";

const LINKS_MAX = 40;
const SMALL = 1 << 18;

interface Found {
  /** Relative to the context. */
  readonly path: string;
  readonly status: Stats;
  readonly matches: Matches | undefined;
}

export class ContextTree implements FileTree {
  readonly identity = undefined;
  readonly #root: string;
  readonly #ignore: IgnoreFile;
  readonly #digests: DigestCache;

  /** @param root absolute, links resolved */
  constructor(root: string, ignore: IgnoreFile, digests: DigestCache) {
    this.#root = root;
    this.#ignore = ignore;
    this.#digests = digests;
  }

  async stat(wanted: string) {
    const found = await this.#resolve(wanted);
    return found && { isDirectory: found.status.isDirectory(), path: found.path };
  }

  why(wanted: string): string | undefined {
    const clean = path.posix.normalize(`/${wanted}`).slice(1).replace(/\/$/, "");
    return this.#ignore.ignores(clean) ? "the ignore file excludes it" : undefined;
  }

  async glob(pattern: string): Promise<readonly string[]> {
    const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
    return (await this.#globBelow("", parts)).sort();
  }

  async #globBelow(directory: string, [part, ...rest]: readonly string[]): Promise<string[]> {
    if (part === undefined) return [directory];
    const expression = matchExpression(part);
    const at = expression && (await this.#resolve(directory));
    if (!at?.status.isDirectory()) return [];
    const names = (await readdir(path.join(this.#root, at.path))).filter((name) => expression!.test(name));
    const found: string[] = [];
    for (const name of names) {
      const below = directory === "" ? name : `${directory}/${name}`;
      if (rest.length > 0) found.push(...(await this.#globBelow(below, rest)));
      else if (await this.#visible(below)) found.push(below);
    }
    return found;
  }

  /** A directory that is ignored counts where something in it is not. */
  async #visible(wanted: string): Promise<boolean> {
    if (!this.#ignore.ignores(wanted)) return true;
    return this.#ignore.hasExceptions && (await this.#resolve(wanted)) !== undefined;
  }

  async *files(wanted: string): AsyncGenerator<TreeFile> {
    const found = await this.#resolve(wanted);
    if (!found) return;
    const links = new Map<string, string>();
    const root = await lstat(path.join(this.#root, found.path));
    if (!root.isDirectory()) {
      yield this.#file("", found, "", links);
      return;
    }
    yield this.#file("", found, "", links);
    yield* this.#below(found, "", links);
  }

  async *#below(directory: Found, prefix: string, links: Map<string, string>): AsyncGenerator<TreeFile> {
    const host = path.join(this.#root, directory.path);
    // Synchronous: a status takes microseconds, and handing it to another thread ten times as many.
    const names = readdirSync(host).sort((a, b) => (a < b ? -1 : 1));
    for (const name of names) {
      const below = directory.path === "" ? name : `${directory.path}/${name}`;
      const { ignored, matches } = this.#ignore.match(below, directory.matches);
      const status = lstatSync(path.join(host, name), { throwIfNoEntry: false });
      if (!status) continue; // gone meanwhile
      const found: Found = { path: below, status, matches };
      const relative = prefix === "" ? name : `${prefix}/${name}`;
      if (!status.isDirectory()) {
        if (ignored || status.isSocket()) continue;
        const link = status.isSymbolicLink() ? readlinkSync(path.join(host, name)) : "";
        yield this.#file(relative, found, link, links);
        continue;
      }
      if (ignored && !this.#ignore.hasExceptions) continue;
      if (!ignored) {
        yield this.#file(relative, found, "", links);
        yield* this.#below(found, relative, links);
        continue;
      }
      // The directory itself is there only for what is taken in again below it.
      let first = true;
      for await (const file of this.#below(found, relative, links)) {
        if (first) yield this.#file(relative, found, "", links);
        first = false;
        yield file;
      }
    }
  }

  #file(name: string, { path: relative, status }: Found, link: string, links: Map<string, string>): TreeFile {
    const host = path.join(this.#root, relative);
    const inode = `${status.dev}:${status.ino}`;
    const first = status.isFile() && status.nlink > 1 ? links.get(inode) : undefined;
    if (status.isFile() && status.nlink > 1 && first === undefined) links.set(inode, name);
    const type: FileType = first === undefined ? typeOf(status) : "hardlink";
    const entry: TarEntry = {
      name,
      type,
      mode: status.mode & 0o7777,
      uid: 0,
      gid: 0,
      size: type === "file" ? status.size : 0,
      mtime: Math.floor(status.mtimeMs / 1000),
      link: first ?? link,
      major: 0,
      minor: 0,
      xattrs: [],
    };
    return {
      entry,
      contents: () => contentsOf(host, status.size),
      ...(type === "file" ? { digest: () => this.#digests.digest(host, status) } : {}),
    };
  }

  /** Follows links, `..` and absolute targets included, without ever leaving the context. */
  async #resolve(wanted: string): Promise<Found | undefined> {
    let pending = wanted.split("/").filter((part) => part !== "" && part !== ".");
    let at: string[] = [];
    let links = 0;
    let status = await lstat(this.#root).catch(() => undefined);
    while (pending.length > 0 && status) {
      const [part = "", ...rest] = pending;
      pending = rest;
      if (part === "..") {
        at.pop();
        continue;
      }
      const next: string[] = [...at, part];
      status = await lstat(path.join(this.#root, ...next)).catch(() => undefined);
      if (status?.isSymbolicLink()) {
        if (++links > LINKS_MAX) return undefined;
        const target = await readlink(path.join(this.#root, ...next));
        if (target.startsWith("/")) at = [];
        pending = [...target.split("/").filter((each) => each !== "" && each !== "."), ...pending];
        continue;
      }
      at = next;
    }
    if (!status) return undefined;
    if (at.length === 0) status = await lstat(this.#root);
    const found: Found = { path: at.join("/"), status, matches: this.#matchesOf(at) };
    if (at.length === 0 || !this.#ignore.ignores(found.path)) return found;
    if (!status.isDirectory() || !this.#ignore.hasExceptions) return undefined;
    for await (const _ of this.#below(found, "", new Map())) return found;
    return undefined;
  }

  #matchesOf(parts: readonly string[]): Matches | undefined {
    let matches: Matches | undefined;
    for (let count = 1; count <= parts.length; count++) matches = this.#ignore.match(parts.slice(0, count).join("/"), matches).matches;
    return matches;
  }
}

function typeOf(status: Stats): FileType {
  if (status.isDirectory()) return "directory";
  if (status.isSymbolicLink()) return "symlink";
  if (status.isFIFO()) return "fifo";
  return "file";
}

/** As many bytes as the header says, however the file changes meanwhile. */
async function* contentsOf(host: string, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return;
  if (size <= SMALL) {
    const bytes = await readFile(host);
    if (bytes.length < size) throw new Error(`${host} became shorter while it was read`);
    yield bytes.subarray(0, size);
    return;
  }
  let left = size;
  for await (const chunk of createReadStream(host, { highWaterMark: 1 << 20, end: size - 1 })) {
    left -= (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (left > 0) throw new Error(`${host} became shorter while it was read`);
}
