/** gRPC over HTTP/2: messages with their five bytes of prefix, and statuses (gRPC's PROTOCOL-HTTP2). Pure. */
import { Message } from "./protobuf.js";

const PREFIX = 5;
/** Larger ones nobody sends: file contents come in pieces of 32 KiB. */
const MESSAGE_MAX = 64 << 20;

export const GRPC = { ok: 0, unknown: 2, invalidArgument: 3, notFound: 5, unimplemented: 12, internal: 13, unavailable: 14 } as const;

export function frameMessage(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** @throws RangeError for compressed or enormous messages, and for one that is cut off */
export async function* unframeMessages(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
    while (pending.length >= PREFIX) {
      const length = pending.readUInt32BE(1);
      if (pending[0] !== 0 || length > MESSAGE_MAX) throw new RangeError("A gRPC message is compressed or too long");
      if (pending.length < PREFIX + length) break;
      yield pending.subarray(PREFIX, PREFIX + length);
      pending = pending.subarray(PREFIX + length);
    }
  }
  if (pending.length > 0) throw new RangeError("A gRPC message is cut off");
}

/** What ended a call that did not succeed. */
export class GrpcFailure extends Error {
  readonly status: number;
  /** `google.rpc.Status.details`: type and value. */
  readonly details: readonly (readonly [type: string, value: Buffer])[];

  constructor(status: number, message: string, details: GrpcFailure["details"] = []) {
    super(message);
    this.status = status;
    this.details = details;
  }

  /** @param trailers of an answer; undefined where it succeeded */
  static from(trailers: Readonly<Record<string, unknown>>): GrpcFailure | undefined {
    const { "grpc-status": status, "grpc-message": message, "grpc-status-details-bin": details } = trailers;
    if (status === undefined) return new GrpcFailure(GRPC.unknown, "the answer has no status");
    if (Number(status) === GRPC.ok) return undefined;
    return new GrpcFailure(Number(status), decodeText(String(message ?? "")), typeof details === "string" ? decodeDetails(details) : []);
  }
}

export function encodeText(message: string): string {
  return encodeURIComponent(message);
}

function decodeText(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function decodeDetails(header: string): GrpcFailure["details"] {
  try {
    return new Message(Buffer.from(header, "base64")).messages(3).map((any) => [any.text(1), any.bytes(2) ?? Buffer.alloc(0)] as const);
  } catch {
    return []; // the message alone will have to do
  }
}
