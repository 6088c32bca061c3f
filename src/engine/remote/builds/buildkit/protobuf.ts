/** As much of the protocol buffers' wire format as BuildKit's messages need: varints and length-delimited fields. Pure. */

/** A field's number and value: varints as bigint, everything else as bytes. */
export type Field = readonly [number: number, value: bigint | Buffer];

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** @throws RangeError for what is no message */
export function* readFields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError("A protobuf message ends in the middle of a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError("A number of a protobuf message has no end");
  };
  const bytes = (length: number): Buffer => {
    if (length > message.length - at) throw new RangeError("A protobuf message ends in the middle of a field");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    if (number === 0) throw new RangeError("A protobuf message has a field without number");
    if (type === VARINT) yield [number, varint()];
    else if (type === BYTES) yield [number, bytes(lengthOf(varint()))];
    else if (type === FIXED64) yield [number, bytes(8)];
    else if (type === FIXED32) yield [number, bytes(4)];
    else throw new RangeError(`A protobuf message has a field of the unknown type ${type}`);
  }
}

function lengthOf(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** A message's fields by number: the last one of a number, or all of them. */
export class Message {
  readonly #fields: readonly Field[];

  /** @throws RangeError */
  constructor(message: Buffer) {
    this.#fields = [...readFields(message)];
  }

  /** @returns 0 where it is missing, as proto3 has it */
  number(field: number): number {
    const value = this.#fields.findLast(([number, value]) => number === field && typeof value === "bigint")?.[1];
    return typeof value === "bigint" ? Number(BigInt.asIntN(64, value)) : 0;
  }

  allBytes(field: number): readonly Buffer[] {
    return this.#fields.flatMap(([number, value]) => (number === field && typeof value !== "bigint" ? [value] : []));
  }

  bytes(field: number): Buffer | undefined {
    return this.allBytes(field).at(-1);
  }

  text(field: number): string {
    return this.bytes(field)?.toString("utf8") ?? "";
  }

  messages(field: number): readonly Message[] {
    return this.allBytes(field).map((bytes) => new Message(bytes));
  }

  message(field: number): Message | undefined {
    const bytes = this.bytes(field);
    return bytes && new Message(bytes);
  }

  /** `map<string, string>` */
  map(field: number): ReadonlyMap<string, string> {
    return new Map(this.messages(field).map((entry) => [entry.text(1), entry.text(2)]));
  }
}

/** Fields in order; what is empty or 0 is left out, as proto3 has it. */
export function writeMessage(fields: readonly (readonly [number: number, value: string | Uint8Array | number | bigint])[]): Buffer {
  const parts: Buffer[] = [];
  for (const [number, value] of fields) {
    if (typeof value === "number" || typeof value === "bigint") {
      if (BigInt(value) !== 0n) parts.push(writeVarint((number << 3) | VARINT), writeVarint(value));
      continue;
    }
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    if (bytes.length > 0) parts.push(writeVarint((number << 3) | BYTES), writeVarint(bytes.length), Buffer.from(bytes));
  }
  return Buffer.concat(parts);
}

/** The entries of a `map<string, string>`. */
export function mapEntries(number: number, map: Readonly<Record<string, string>>): (readonly [number, Buffer])[] {
  return Object.entries(map).map(([name, value]) => [number, Buffer.concat([writeText(1, name), writeText(2, value)])] as const);
}

function writeText(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([writeVarint((number << 3) | BYTES), writeVarint(bytes.length), bytes]);
}

function writeVarint(value: number | bigint): Buffer {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(Number(left));
  return Buffer.from(bytes);
}
