import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameMessage, GrpcFailure, unframeMessages } from "../../../../../src/engine/remote/builds/buildkit/grpc-messages.js";
import { writeMessage } from "../../../../../src/engine/remote/builds/buildkit/protobuf.js";

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unframed(bytes: Buffer, size = 7): Promise<Buffer[]> {
  const messages: Buffer[] = [];
  for await (const message of unframeMessages(pieces(bytes, size))) messages.push(message);
  return messages;
}

describe("gRPC messages", () => {
  it("come whole, however they are cut on the way", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 })), fc.integer({ min: 1, max: 60 }), async (messages, size) => {
        const whole = Buffer.concat(messages.map((message) => frameMessage(Buffer.from(message))));
        expect(await unframed(whole, size)).toEqual(messages.map((message) => Buffer.from(message)));
      }),
    );
  });

  it("that are cut off, compressed or enormous are refused", async () => {
    await expect(unframed(frameMessage(Buffer.alloc(9)).subarray(0, 10))).rejects.toThrow("cut off");
    await expect(unframed(Buffer.from([1, 0, 0, 0, 0]))).rejects.toThrow("compressed");
    await expect(unframed(Buffer.from([0, 255, 255, 255, 255]))).rejects.toThrow("too long");
  });

  it("end with a status, its words, and its details", () => {
    expect(GrpcFailure.from({ "grpc-status": "0" })).toBeUndefined();
    const any = writeMessage([
      [1, "github.com/moby/buildkit/errdefs.Source+json"],
      [2, "{}"],
    ]);
    const details = writeMessage([
      [1, 2],
      [3, any],
    ]).toString("base64");
    const failure = GrpcFailure.from({ "grpc-status": "2", "grpc-message": "100%25 wrong", "grpc-status-details-bin": details })!;
    expect(failure).toMatchObject({ status: 2, message: "100% wrong" });
    expect(failure.details).toEqual([["github.com/moby/buildkit/errdefs.Source+json", Buffer.from("{}")]]);
    expect(GrpcFailure.from({})).toMatchObject({ status: 2 });
    expect(GrpcFailure.from({ "grpc-status": "5", "grpc-message": "%zz", "grpc-status-details-bin": "////" })).toMatchObject({
      message: "%zz",
    });
  });
});
