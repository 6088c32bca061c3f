/**
 * Entries of a tar that the supervisor wrote, and entries for it to read: ustar with pax records (POSIX.1-2001). Unlike
 * tar-stream it keeps extended attributes as bytes, which file capabilities are.
 */

export type FileType = "file" | "directory" | "symlink" | "hardlink" | "char" | "block" | "fifo";

export interface TarEntry {
  /** Without slashes at either end. */
  readonly name: string;
  readonly type: FileType;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; 0 for everything but files. */
  readonly size: number;
  /** Seconds. */
  readonly mtime: number;
  /** Target of a link. */
  readonly link: string;
  readonly major: number;
  readonly minor: number;
  /** Sorted by name. */
  readonly xattrs: readonly (readonly [name: string, value: Buffer])[];
}

const BLOCK = 512;
const XATTR = "SCHILY.xattr.";
const TYPES: Readonly<Record<string, FileType>> = {
  "0": "file",
  "\0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};
const FLAGS: Readonly<Record<FileType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

/** Entries in order; each one's `contents` must be read before the next entry is asked for, or is skipped. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<{ entry: TarEntry; contents: AsyncGenerator<Buffer> }> {
  const input = new ByteReader(source);
  let pax = new Map<string, Buffer>();
  for (;;) {
    const header = await input.exactly(BLOCK);
    if (!header || header.every((byte) => byte === 0)) return;
    const size = number(header, 124, 12);
    const flag = String.fromCharCode(header[156]!);
    if (flag === "x" || flag === "g") {
      const records = await input.exactly(size);
      if (!records) throw new Error("A tar is cut short");
      await input.exactly(padding(size));
      if (flag === "x") pax = parsePax(records);
      continue;
    }
    const entry = entryOf(header, flag, pax);
    pax = new Map();
    let left = entry.type === "file" ? entry.size : 0;
    const contents = async function* (): AsyncGenerator<Buffer> {
      while (left > 0) {
        const chunk = await input.atMost(left);
        if (!chunk) throw new Error("A tar is cut short");
        left -= chunk.length;
        yield chunk;
      }
    };
    yield { entry, contents: contents() };
    for await (const _ of contents());
    await input.exactly(padding(entry.type === "file" ? entry.size : 0));
  }
}

/** An entry's header: contents follow, then {@link tarPadding}. */
/** What an entry is unless something is known of it: root's, without size, time, link or attributes. */
export const PLAIN_ENTRY = { uid: 0, gid: 0, size: 0, mtime: 0, link: "", major: 0, minor: 0, xattrs: [] } as const;

export function tarHeader(entry: TarEntry): Buffer {
  const name = entry.type === "directory" ? `${entry.name}/` : entry.name;
  const records: Buffer[] = [];
  const header = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(name) > 100) records.push(record("path", Buffer.from(name)));
  if (Buffer.byteLength(entry.link) > 100) records.push(record("linkpath", Buffer.from(entry.link)));
  const put = (key: string, value: number, at: number, digits: number): void => {
    if (value >= 0 && value < 8 ** digits) header.write(value.toString(8).padStart(digits, "0"), at, "latin1");
    else records.push(record(key, Buffer.from(String(value))));
  };
  header.write(name, 0, 100, "utf8");
  header.write(entry.link, 157, 100, "utf8");
  put("mode", entry.mode, 100, 7);
  put("uid", entry.uid, 108, 7);
  put("gid", entry.gid, 116, 7);
  put("size", entry.size, 124, 11);
  put("mtime", Math.floor(entry.mtime), 136, 11);
  put("major", entry.major, 329, 7);
  put("minor", entry.minor, 337, 7);
  for (const [key, value] of entry.xattrs) records.push(record(XATTR + key.replace(/[%=]/g, (c) => (c === "=" ? "%3D" : "%25")), value));
  finish(header, FLAGS[entry.type]);
  if (records.length === 0) return header;
  const body = Buffer.concat(records);
  const extended = Buffer.alloc(BLOCK);
  extended.write("PaxHeaders/entry", 0, "latin1");
  extended.write(body.length.toString(8).padStart(11, "0"), 124, "latin1");
  finish(extended, "x");
  return Buffer.concat([extended, body, tarPadding(body.length), header]);
}

export function tarPadding(size: number): Buffer {
  return Buffer.alloc(padding(size));
}

/** The end of an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function finish(header: Buffer, flag: string): void {
  header.write(flag, 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.byteLength(key) + value.length + 3;
  let total = rest + 1;
  while (String(total).length + rest !== total) total = rest + String(total).length;
  return Buffer.concat([Buffer.from(`${total} ${key}=`), value, Buffer.from("\n")]);
}

function parsePax(bytes: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.subarray(at, space).toString("latin1"));
    const equals = bytes.indexOf(0x3d, space);
    if (!(length > 0) || space === -1 || equals === -1) throw new Error("A pax record is malformed");
    records.set(bytes.subarray(space + 1, equals).toString("utf8"), bytes.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return records;
}

function entryOf(header: Buffer, flag: string, pax: ReadonlyMap<string, Buffer>): TarEntry {
  const type = TYPES[flag];
  if (!type) throw new Error(`A tar entry of type ${JSON.stringify(flag)}`);
  const text = (key: string): string | undefined => pax.get(key)?.toString("utf8");
  const value = (key: string, at: number, length: number): number => Number(text(key) ?? number(header, at, length));
  const prefix = string(header, 345, 155);
  const name = text("path") ?? (prefix ? `${prefix}/${string(header, 0, 100)}` : string(header, 0, 100));
  const xattrs = [...pax].flatMap(([key, bytes]) =>
    key.startsWith(XATTR) ? [[key.slice(XATTR.length).replaceAll("%3D", "=").replaceAll("%25", "%"), Buffer.from(bytes)] as const] : [],
  );
  return {
    name: name.replace(/\/+$/, ""),
    type,
    mode: number(header, 100, 8) & 0o7777,
    uid: value("uid", 108, 8),
    gid: value("gid", 116, 8),
    size: type === "file" ? value("size", 124, 12) : 0,
    mtime: value("mtime", 136, 12),
    link: text("linkpath") ?? string(header, 157, 100),
    major: number(header, 329, 8),
    minor: number(header, 337, 8),
    xattrs: xattrs.sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

function string(header: Buffer, at: number, length: number): string {
  const end = header.subarray(at, at + length).indexOf(0);
  return header.subarray(at, at + (end === -1 ? length : end)).toString("utf8");
}

function number(header: Buffer, at: number, length: number): number {
  return Number.parseInt(string(header, at, length).trim() || "0", 8);
}

class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Undefined at the end of the stream, an error within. */
  async exactly(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    let left = length;
    while (left > 0) {
      const piece = await this.atMost(left);
      if (!piece && pieces.length > 0) throw new Error("A tar is cut short");
      if (!piece) return undefined;
      pieces.push(piece);
      left -= piece.length;
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  async atMost(length: number): Promise<Buffer | undefined> {
    while (this.#pending.length === 0) {
      const { value, done } = await this.#source.next();
      if (done) return undefined;
      this.#pending = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const piece = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return piece;
  }
}
