/** The data types of SSH's messages (RFC 4251, section 5) and key files: each piece with its length before it. */

/** Bounds are checked: what ends early throws a RangeError. */
export class SshReader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  bytes(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.bytes().toString();
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#data.length) throw new RangeError("it ends in the middle");
    const taken = this.#data.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** `string` of RFC 4251. */
export function piece(data: Uint8Array | string): Buffer {
  const bytes = Buffer.from(data as string);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** `mpint` of RFC 4251, of a number that is not negative: no zeros in front but the one that keeps it so. */
export function mpint(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first < 0) return piece("");
  const digits = Buffer.from(bytes.subarray(first));
  return piece((digits[0] as number) & 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}
