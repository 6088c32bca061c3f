/** What `caisson build CONTEXT` means: a directory, a URL, or the standard input, which is a tar or a Dockerfile. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { BuildContext, BuildOptions } from "../engine/engine.js";
import { openInput } from "./files.js";
import type { Terminal } from "./terminal.js";
import { UsageError } from "./usage.js";

export interface ReadContext {
  readonly context: BuildContext;
  readonly options: Pick<BuildOptions, "dockerfile" | "dockerfileText">;
}

/** gzip, zstd, bzip2, xz. */
const COMPRESSED = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
];
/** Where a tar says that it is one. */
const TAR_MAGIC_END = 262;

/** @param file the Dockerfile; `-` for the standard input. @throws UsageError */
export async function readContext(place: string, file: string | undefined, terminal: Terminal): Promise<ReadContext> {
  if (file === "-") {
    if (place === "-") throw new UsageError("The standard input can't be both the Dockerfile and the context");
    return { context: place, options: { dockerfileText: await textOf(await openInput(terminal, "-")) } };
  }
  if (place !== "-") return { context: place, options: { dockerfile: isUrl(place) ? file : fileIn(place, file) } };
  const input = (await openInput(terminal, "-"))[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < TAR_MAGIC_END) {
    const next = await input.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    yield head;
    for (let next = await input.next(); !next.done; next = await input.next()) yield next.value;
  };
  if (isArchive(head)) return { context: { tar: all() }, options: { dockerfile: file } };
  return { context: { tar: Readable.from([Buffer.alloc(1024)]) }, options: { dockerfileText: await textOf(all()) } };
}

function isUrl(place: string): boolean {
  return /^(?:[a-z]+:\/\/|github\.com\/|[\w-]+@[\w.-]+:)/.test(place) && !existsSync(place);
}

/** As docker does: relative to where the command was given, unless that is not there. */
function fileIn(context: string, file: string | undefined): string | undefined {
  if (file === undefined || file.startsWith("/")) return file;
  return existsSync(file) ? resolve(file) : existsSync(join(context, file)) ? file : resolve(file);
}

async function textOf(input: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

function isArchive(head: Buffer): boolean {
  const compressed = COMPRESSED.some((magic) => magic.every((byte, index) => head[index] === byte));
  return compressed || head.subarray(TAR_MAGIC_END - 5, TAR_MAGIC_END).toString("latin1") === "ustar";
}
