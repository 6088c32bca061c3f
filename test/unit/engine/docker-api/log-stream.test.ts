import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { readLogStream, timestampNanoseconds } from "../../../../src/engine/docker-api/log-stream.js";
import { encodePiece } from "../../../../src/engine/docker-api/raw-stream.js";

const TIME = "2026-01-02T03:04:05.000000007Z";
const NANOSECONDS = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5)) * 1_000_000n + 7n;

async function read(chunks: readonly Buffer[], terminal: boolean): Promise<[string, bigint, string, boolean][]> {
  const records: [string, bigint, string, boolean][] = [];
  for await (const { stream, timeNs, data, partial } of readLogStream(Readable.from(chunks), terminal))
    records.push([stream, timeNs, data.toString(), partial]);
  return records;
}

it("reads times as Docker and as Podman write them", () => {
  expect(timestampNanoseconds(TIME)).toBe(NANOSECONDS);
  expect(timestampNanoseconds("2026-01-02T04:04:05.000000007+01:00")).toBe(NANOSECONDS);
  expect(timestampNanoseconds("2026-01-02T03:04:05Z")).toBe(NANOSECONDS - 7n);
  expect(timestampNanoseconds("yesterday")).toBeUndefined();
});

it("takes the time off each message, and tells a part of a line by its missing end", async () => {
  const chunks = [
    encodePiece("stdout", Buffer.from(`${TIME} a line\n`)),
    encodePiece("stderr", Buffer.from(`${TIME} part`)),
    encodePiece("stdout", Buffer.from(`${TIME} \n`)),
  ];
  expect(await read(chunks, false)).toEqual([
    ["stdout", NANOSECONDS, "a line\n", false],
    ["stderr", NANOSECONDS, "part", true],
    ["stdout", NANOSECONDS, "\n", false],
  ]);
});

it("finds the messages of a terminal, which are not framed, also in the middle of a long line", async () => {
  const long = "x".repeat(16 << 10);
  const bytes = Buffer.from(`${TIME} first\r\n${TIME} ${long}${TIME} rest\r\n`);
  const records = await read([bytes.subarray(0, 9), bytes.subarray(9, 9000), bytes.subarray(9000)], true);
  expect(records).toEqual([
    ["stdout", NANOSECONDS, "first\r\n", false],
    ["stdout", NANOSECONDS, long, true],
    ["stdout", NANOSECONDS, "rest\r\n", false],
  ]);
});

it("gives what goes on in a line the time of its beginning, on either stream, where there is none", async () => {
  const chunks = [
    encodePiece("stdout", Buffer.from(`${TIME} do`)),
    encodePiece("stderr", Buffer.from("more of nothing")),
    encodePiece("stdout", Buffer.from("ts\n")),
  ];
  expect(await read(chunks, false)).toEqual([
    ["stdout", NANOSECONDS, "do", true],
    ["stderr", 0n, "more of nothing", true],
    ["stdout", NANOSECONDS, "ts\n", false],
  ]);
});
