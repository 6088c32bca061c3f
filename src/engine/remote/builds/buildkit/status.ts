/** BuildKit's account of a build (moby.buildkit.v1.StatusResponse), decoded. Pure. */
import { Message } from "./protobuf.js";

export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly cached: boolean;
  readonly started: boolean;
  readonly completed: boolean;
  /** Empty where it did not fail. */
  readonly error: string;
}

export interface VertexLog {
  readonly vertex: string;
  readonly stream: "stdout" | "stderr";
  readonly text: Buffer;
}

export interface VertexWarning {
  /** `RULE: message` */
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly file: string;
  readonly source: string;
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

export interface Status {
  readonly vertexes: readonly Vertex[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly VertexWarning[];
}

const STDERR = 2;

/** @throws RangeError for what is no message */
export function decodeStatus(bytes: Buffer): Status {
  const message = new Message(bytes);
  return {
    vertexes: message.messages(1).map((vertex) => ({
      digest: vertex.text(1),
      name: vertex.text(3),
      cached: vertex.number(4) !== 0,
      started: vertex.bytes(5) !== undefined,
      completed: vertex.bytes(6) !== undefined,
      error: vertex.text(7),
    })),
    logs: message.messages(3).map((log) => ({
      vertex: log.text(1),
      stream: log.number(3) === STDERR ? "stderr" : "stdout",
      text: log.bytes(4) ?? Buffer.alloc(0),
    })),
    warnings: message.messages(4).map((warning) => ({
      short: warning.text(3),
      detail: warning.allBytes(4).map(String),
      url: warning.text(5),
      file: warning.message(6)?.text(1) ?? "",
      source: warning.message(6)?.text(2) ?? "",
      ranges: warning.messages(7).map((range) => ({ start: range.message(1)?.number(1) ?? 0, end: range.message(2)?.number(1) ?? 0 })),
    })),
  };
}
