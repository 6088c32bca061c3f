/** How many bytes the files of a tar have, counted as it passes by: sizes of layers, without headers and padding. Pure. */

const BLOCK = 512;
const SIZE_OFFSET = 124;
const SIZE_LENGTH = 12;
const TYPE_OFFSET = 156;
/** A regular file, by POSIX and before it. */
const FILE_TYPES = [0x30, 0x00];
const EXTENDED = 0x78; // x: pax records of the next entry

export class TarContentSize {
  /** Of all files so far. */
  bytes = 0;
  #header: Buffer = Buffer.alloc(0);
  /** Of the current entry, with its padding. */
  #left = 0;
  /** Records that are being read, until their entry has ended. */
  #records: Buffer[] | undefined;
  /** Of the next entry, where its header has no place for it. */
  #size: number | undefined;

  add(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const wanted = this.#left > 0 ? this.#left : BLOCK - this.#header.length;
      const piece = chunk.subarray(at, at + wanted);
      at += piece.length;
      if (this.#left > 0) this.#skip(piece);
      else {
        this.#header = this.#header.length > 0 ? Buffer.concat([this.#header, piece]) : piece;
        if (this.#header.length === BLOCK) this.#entry();
      }
    }
  }

  #skip(piece: Buffer): void {
    this.#records?.push(piece);
    this.#left -= piece.length;
    if (this.#left > 0 || !this.#records) return;
    const [, size] = /(?:^|\n)\d+ size=(\d+)\n/.exec(Buffer.concat(this.#records).toString("latin1")) ?? [];
    this.#size = size === undefined ? undefined : Number(size);
    this.#records = undefined;
  }

  #entry(): void {
    const header = this.#header;
    this.#header = Buffer.alloc(0);
    const type = header[TYPE_OFFSET]!;
    const own = sizeOf(header.subarray(SIZE_OFFSET, SIZE_OFFSET + SIZE_LENGTH));
    const size = type === EXTENDED ? own : (this.#size ?? own);
    if (type === EXTENDED) this.#records = [];
    else this.#size = undefined;
    if (FILE_TYPES.includes(type)) this.bytes += size;
    this.#left = Math.ceil(size / BLOCK) * BLOCK;
    if (this.#left === 0) this.#records = undefined;
  }
}

/** Octal digits; or, with the highest bit set, binary (GNU). */
function sizeOf(field: Buffer): number {
  if (field[0]! & 0x80) return Number(BigInt(`0x${field.toString("hex")}`) & ~(0x80n << 88n));
  return Number.parseInt(field.toString("latin1").replaceAll("\0", " ").trim() || "0", 8);
}
