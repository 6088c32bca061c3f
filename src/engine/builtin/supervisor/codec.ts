/**
 * The one codec of the wire protocol: fields (`u16 tag | u16 zero | u32 length | bytes`), frames, and plans as nested
 * fields. Pure: bytes in, bytes out.
 */
import { Arg, FRAME_MAX, Op } from "./protocol.js";

const FIELD_HEADER = 8;
const FRAME_HEADER = 12;

/** A growing buffer of fields. */
export class FieldWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 512) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  bytes(tag: number, value: Uint8Array): this {
    this.#header(tag, value.byteLength);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
    return this;
  }

  /** @throws TypeError for a string with a NUL: C would cut it short. */
  text(tag: number, value: string): this {
    if (value.includes("\0")) throw new TypeError(`A string with a NUL character can't be passed on: ${JSON.stringify(value)}`);
    const length = Buffer.byteLength(value);
    this.#header(tag, length);
    this.#buffer.write(value, this.#length, "utf8");
    this.#length += length;
    return this;
  }

  u64(tag: number, value: number | bigint): this {
    this.#header(tag, 8);
    this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), this.#length);
    this.#length += 8;
    return this;
  }

  /** A structure: the fields that `fill` writes, nested under `tag`. */
  nested(tag: number, fill: (writer: this) => void): this {
    this.#header(tag, 0);
    const start = this.#length;
    fill(this);
    this.#buffer.writeUInt32LE(this.#length - start, start - 4);
    return this;
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #header(tag: number, length: number): void {
    this.#reserve(FIELD_HEADER + length);
    this.#buffer.writeUInt32LE(tag, this.#length);
    this.#buffer.writeUInt32LE(length, this.#length + 4);
    this.#length += FIELD_HEADER;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Fields of one structure, by tag, in order of appearance. Values are views, not copies. */
export class Fields {
  readonly #values = new Map<number, Buffer[]>();

  /** @throws RangeError when the bytes are not a sequence of whole fields */
  constructor(bytes: Buffer) {
    let at = 0;
    while (at < bytes.length) {
      if (bytes.length - at < FIELD_HEADER) throw new RangeError("A field's header is cut short");
      const tag = bytes.readUInt16LE(at);
      const length = bytes.readUInt32LE(at + 4);
      at += FIELD_HEADER;
      if (length > bytes.length - at) throw new RangeError("A field is cut short");
      const value = bytes.subarray(at, at + length);
      const list = this.#values.get(tag);
      if (list) list.push(value);
      else this.#values.set(tag, [value]);
      at += length;
    }
  }

  bytes(tag: number): Buffer | undefined {
    return this.#values.get(tag)?.[0];
  }

  text(tag: number): string | undefined {
    return this.bytes(tag)?.toString("utf8");
  }

  u64(tag: number): number | undefined {
    const value = this.bytes(tag);
    return value?.length === 8 ? Number(value.readBigInt64LE(0)) : undefined;
  }

  all(tag: number): readonly Buffer[] {
    return this.#values.get(tag) ?? [];
  }

  structures(tag: number): Fields[] {
    return this.all(tag).map((value) => new Fields(value));
  }
}

/** One message on the control channel. */
export interface Frame {
  readonly id: number;
  readonly kind: number;
  readonly body: Buffer;
}

export function encodeFrame(id: number, kind: number, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER + body.byteLength);
  frame.writeUInt32LE(8 + body.byteLength, 0);
  frame.writeUInt32LE(id, 4);
  frame.writeUInt16LE(kind, 8);
  frame.writeUInt16LE(0, 10);
  frame.set(body, FRAME_HEADER);
  return frame;
}

/** Cuts a byte stream into frames. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** @throws RangeError for a frame larger than the protocol allows */
  *push(chunk: Buffer): Generator<Frame> {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length >= 4) {
      const length = bytes.readUInt32LE(0);
      if (length < 8 || length > FRAME_MAX) throw new RangeError(`A frame of ${length} bytes`);
      if (bytes.length < 4 + length) break;
      yield { id: bytes.readUInt32LE(4), kind: bytes.readUInt16LE(8), body: bytes.subarray(FRAME_HEADER, 4 + length) };
      bytes = bytes.subarray(4 + length);
    }
    this.#pending = bytes;
  }
}

/** Arguments of one operation, by name; which one takes which stands in native/protocol.h. */
export interface OperationArguments {
  readonly slot?: number;
  readonly slot2?: number;
  readonly path?: string;
  readonly name?: string;
  readonly data?: string | Uint8Array;
  readonly flags?: number;
  readonly mode?: number;
  readonly uid?: number;
  /** A list for GROUPS. */
  readonly gid?: number | readonly number[];
  readonly dev?: number;
  readonly command?: number;
  readonly set?: number;
  readonly clear?: number;
  readonly propagation?: number;
  readonly fstype?: string;
  readonly cwd?: string;
  readonly resource?: number;
  readonly soft?: number | bigint;
  readonly hard?: number | bigint;
  readonly caps?: bigint;
  readonly effective?: bigint;
  readonly permitted?: bigint;
  readonly inheritable?: bigint;
  readonly value?: number;
  readonly signal?: number;
  readonly arg?: readonly string[];
  readonly env?: readonly string[];
  readonly offset?: readonly number[];
  /** A failure becomes a warning. */
  readonly optional?: boolean;
}

/** One step of a launch plan: plain data, so that plans can be compared in tests and named in errors. */
export interface Operation extends OperationArguments {
  readonly op: keyof typeof Op;
}

export type Plan = readonly Operation[];

/** Writes a plan's operations as fields. */
export function writePlan(writer: FieldWriter, plan: Plan): void {
  for (const { op, ...args } of plan) writer.nested(Op[op], (w) => writeArguments(w, args));
}

const argumentTags: { readonly [K in keyof OperationArguments]-?: number } = {
  slot: Arg.SLOT,
  slot2: Arg.SLOT2,
  path: Arg.PATH,
  name: Arg.NAME,
  data: Arg.DATA,
  flags: Arg.FLAGS,
  mode: Arg.MODE,
  uid: Arg.UID,
  gid: Arg.GID,
  dev: Arg.DEV,
  command: Arg.COMMAND,
  set: Arg.SET,
  clear: Arg.CLEAR,
  propagation: Arg.PROPAGATION,
  fstype: Arg.FSTYPE,
  cwd: Arg.CWD,
  resource: Arg.RESOURCE,
  soft: Arg.SOFT,
  hard: Arg.HARD,
  caps: Arg.CAPS,
  effective: Arg.EFFECTIVE,
  permitted: Arg.PERMITTED,
  inheritable: Arg.INHERITABLE,
  value: Arg.VALUE,
  signal: Arg.SIGNAL,
  arg: Arg.ARG,
  env: Arg.ENV,
  offset: Arg.OFFSET,
  optional: Arg.OPTIONAL,
};

function writeArguments(writer: FieldWriter, args: OperationArguments): void {
  for (const [name, value] of Object.entries(args) as [keyof OperationArguments, OperationArguments[keyof OperationArguments]][]) {
    const tag = argumentTags[name];
    for (const item of Array.isArray(value) ? value : [value]) writeArgument(writer, tag, item);
  }
}

function writeArgument(writer: FieldWriter, tag: number, value: unknown): void {
  if (typeof value === "string") writer.text(tag, value);
  else if (typeof value === "number" || typeof value === "bigint") writer.u64(tag, value);
  else if (value === true) writer.u64(tag, 1);
  else if (value instanceof Uint8Array) writer.bytes(tag, value);
}
