/** What is known of a path in a container: the JSON in `X-Docker-Container-Path-Stat`, made of the first header of its tar. Pure. */
import type { Readable } from "node:stream";

const BLOCK = 512;
/** Records of names and attributes in front of the first header are no longer than this. */
const PREFIX_MAX = 1 << 20;

/** The first entry's header with its extended records; all that was read goes back into the stream. */
export async function readFirstHeader(tar: Readable): Promise<TarHeader> {
  let read: Buffer = Buffer.alloc(0);
  for (;;) {
    const header = parseFirst(read);
    if (header || read.length > PREFIX_MAX || tar.readableEnded) {
      if (read.length > 0 && !tar.readableEnded) tar.unshift(read);
      if (!header) throw new Error("The archive has no first entry");
      return header;
    }
    const chunk = tar.read() as Buffer | null;
    if (chunk !== null) read = Buffer.concat([read, chunk]);
    else await readable(tar);
  }
}

function readable(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      stream.off("readable", settle).off("end", settle).off("error", settle).off("close", settle);
      if (error) reject(error);
      else resolve();
    };
    stream.on("readable", settle).on("end", settle).on("error", settle).on("close", settle);
  });
}

export interface TarHeader {
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  /** Of ustar: `0` a file, `2` a symbolic link, `5` a directory, ... */
  readonly type: string;
  readonly linkname: string;
}

function parseFirst(bytes: Buffer): TarHeader | undefined {
  const records: Record<string, string> = {};
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const type = String.fromCharCode(bytes[at + 156]!);
    const size = numberAt(bytes, at + 124, 12);
    if (!["x", "g", "L", "K"].includes(type)) return headerAt(bytes, at, type, size, records);
    const body = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (body.length < size) return undefined;
    if (type === "x") Object.assign(records, paxRecords(body));
    if (type === "K") records["linkpath"] = textOf(body);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}

function headerAt(bytes: Buffer, at: number, type: string, size: number, records: Readonly<Record<string, string>>): TarHeader {
  return {
    size: records["size"] === undefined ? size : Number(records["size"]),
    mode: numberAt(bytes, at + 100, 8),
    mtimeMs: records["mtime"] === undefined ? numberAt(bytes, at + 136, 12) * 1000 : Number(records["mtime"]) * 1000,
    type,
    linkname: records["linkpath"] ?? textOf(bytes.subarray(at + 157, at + 257)),
  };
}

/** Octal digits, or base 256 where the first bit is set. */
function numberAt(bytes: Buffer, at: number, length: number): number {
  const field = bytes.subarray(at, at + length);
  if ((field[0]! & 0x80) !== 0) return Number(BigInt(`0x${field.subarray(1).toString("hex")}`));
  return Number.parseInt(textOf(field).trim() || "0", 8);
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString();
}

function paxRecords(body: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const length = Number(body.subarray(at, space).toString());
    if (space < 0 || !(length > 0)) break;
    const [name = "", ...value] = body
      .subarray(space + 1, at + length - 1)
      .toString()
      .split("=");
    records[name] = value.join("=");
    at += length;
  }
  return records;
}

/** Bits of Go's os.FileMode, by type of the entry. */
const GO_TYPES: Readonly<Record<string, number>> = {
  "2": 0x0800_0000, // symbolic link
  "3": 0x0420_0000, // character device: device and character
  "4": 0x0400_0000, // device
  "5": 0x8000_0000, // directory
  "6": 0x0200_0000, // pipe
};
const GO_SETUID = 0x0080_0000;
const GO_SETGID = 0x0040_0000;
const GO_STICKY = 0x0010_0000;

export class FileStat {
  private constructor(readonly json: Readonly<Record<string, unknown>>) {}

  static of(header: TarHeader, path: string): FileStat {
    const { mode, type } = header;
    const special = (mode & 0o4000 ? GO_SETUID : 0) + (mode & 0o2000 ? GO_SETGID : 0) + (mode & 0o1000 ? GO_STICKY : 0);
    return new FileStat({
      name: nameOf(path),
      size: type === "5" ? DIRECTORY_SIZE : header.size,
      mode: (GO_TYPES[type] ?? 0) + special + (mode & 0o777),
      mtime: new Date(header.mtimeMs).toISOString(),
      linkTarget: type === "2" ? resolveLink(path, header.linkname) : "",
    });
  }

  header(): string {
    return Buffer.from(JSON.stringify(this.json)).toString("base64");
  }
}

/** Tar has none for directories; file systems have this one. */
const DIRECTORY_SIZE = 4096;

function nameOf(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.at(-1) ?? "/";
}

/** Inside the container, as docker shows it. */
function resolveLink(path: string, target: string): string {
  const base = target.startsWith("/") ? [] : path.split("/").slice(0, -1);
  const resolved: string[] = [];
  for (const part of [...base, ...target.split("/")]) {
    if (part === "..") resolved.pop();
    else if (part !== "" && part !== ".") resolved.push(part);
  }
  return `/${resolved.join("/")}`;
}
