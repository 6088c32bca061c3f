/** Whether bytes begin a tar: by its magic, or for the oldest kind by its checksum. */

const TAR_HEADER_BYTES = 512;
const MAGIC_OFFSET = 257;
const MAGIC = "ustar";

function isTarHeader(head: Buffer): boolean {
  if (head.length < TAR_HEADER_BYTES) return false;
  if (head.subarray(MAGIC_OFFSET, MAGIC_OFFSET + MAGIC.length).toString("latin1") === MAGIC) return true;
  const written = Number.parseInt(head.subarray(148, 156).toString("latin1").replace(/\0/g, " ").trim(), 8);
  let sum = 0;
  for (let at = 0; at < TAR_HEADER_BYTES; at++) sum += at >= 148 && at < 156 ? 0x20 : head[at]!;
  return head[0] !== 0 && written === sum;
}

/** Reads no further than it must. */
export async function isTar(plain: AsyncIterable<Uint8Array>): Promise<boolean> {
  let head = Buffer.alloc(0);
  for await (const chunk of plain) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= TAR_HEADER_BYTES) break;
  }
  return isTarHeader(head);
}
