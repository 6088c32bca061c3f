import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { readTar, TAR_END } from "../../../../../src/engine/build-context/tar-stream-codec.js";
import { knownTar } from "../../../../../src/engine/remote/builds/buildkit/known-tar.js";

it("an archive of nothing gets an entry for its root", async () => {
  const tar = await buffer(knownTar(Readable.from([Buffer.alloc(0), TAR_END])));
  expect(tar).toHaveLength(1536);
  const names: string[] = [];
  for await (const { entry } of readTar(Readable.from([tar]))) names.push(`${entry.type} ${entry.name}`);
  expect(names).toEqual([expect.stringMatching(/^directory \.?\/?$/)]);
});

it("any other stays as it is", async () => {
  expect(await buffer(knownTar(Readable.from([Buffer.from("name"), Buffer.alloc(3)])))).toEqual(Buffer.from("name\0\0\0"));
});
