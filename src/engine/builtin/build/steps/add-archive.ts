/** Archives that ADD unpacks, told by what is in them: a tar, plain or compressed. */
import { decompress } from "../../images/decompress.js";
import { type Selected, selectedFiles } from "./copy-selection.js";

export interface AddedArchive {
  /** The plain tar, read anew at every call. */
  tar(): AsyncIterable<Uint8Array>;
}

const MAGIC_OFFSET = 257;
const MAGIC = "ustar";
const HEADER = 512;

/** Undefined for a file that is no archive. */
export async function findArchive(selected: Selected): Promise<AddedArchive | undefined> {
  const tar = async function* (): AsyncGenerator<Uint8Array> {
    for await (const file of selectedFiles(selected, [])) yield* decompress(file.contents());
  };
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of tar()) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= HEADER) break;
    }
  } catch {
    return undefined; // it only looked compressed, or is in a way that nobody here reads: a file like any other
  }
  return isTarHeader(head) ? { tar } : undefined;
}

/** By the magic, or for the oldest kind by its checksum. */
function isTarHeader(head: Buffer): boolean {
  if (head.length < HEADER) return false;
  if (head.subarray(MAGIC_OFFSET, MAGIC_OFFSET + MAGIC.length).toString("latin1") === MAGIC) return true;
  const written = Number.parseInt(head.subarray(148, 156).toString("latin1").replace(/\0/g, " ").trim(), 8);
  let sum = 0;
  for (let at = 0; at < HEADER; at++) sum += at >= 148 && at < 156 ? 0x20 : head[at]!;
  return head[0] !== 0 && written === sum;
}
