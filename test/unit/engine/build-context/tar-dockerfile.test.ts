import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { readTarDockerfile } from "../../../../src/engine/build-context/tar-dockerfile.js";

interface Entry {
  readonly name: string;
  readonly type?: "symlink" | "link" | "directory";
  readonly linkname?: string;
  readonly text?: string;
}

async function read(entries: readonly Entry[], options: Parameters<typeof readTarDockerfile>[1] = {}) {
  const tar = pack();
  for (const { text, ...header } of entries) text === undefined ? tar.entry(header) : tar.entry(header, text);
  tar.finalize();
  const bytes = await buffer(tar as unknown as AsyncIterable<Uint8Array>);
  const { file, text, ignore } = await readTarDockerfile(() => chunks(bytes), options);
  return { file, text, ignoresF: ignore.ignores("f") };
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
}

const file = (name: string, text: string): Entry => ({ name, text });
const symlink = (name: string, linkname: string): Entry => ({ name, type: "symlink", linkname });

describe("the Dockerfile of a tar", () => {
  it.each<[string, Entry[]]>([
    ["at the top", [file("Dockerfile", "D")]],
    ["with a dot before it", [file("./Dockerfile", "D")]],
    ["with a slash before it", [file("/Dockerfile", "D")]],
    ["that comes twice, the last time", [file("Dockerfile", "old"), file("Dockerfile", "D")]],
    ["behind a link", [symlink("Dockerfile", "a/b"), file("a/b", "D")]],
    ["behind a link from the top", [symlink("x/y", "/a/b"), symlink("Dockerfile", "x/y"), file("a/b", "D")]],
    ["behind a directory that is a link", [symlink("Dockerfile", "x/../b"), symlink("x", "a/c"), file("a/b", "D"), file("b", "other")]],
    ["behind a link that would leave the tar", [symlink("Dockerfile", "../../../D"), file("D", "D")]],
    ["behind a hard link", [file("a/b", "D"), { name: "Dockerfile", type: "link", linkname: "a/b" }]],
    ["where a link was", [symlink("Dockerfile", "a"), file("Dockerfile", "D"), file("a", "other")]],
  ])("%s", async (_name, entries) => {
    expect(await read(entries)).toEqual({ file: "Dockerfile", text: "D", ignoresF: false });
  });

  it.each<[string, Entry[]]>([
    ["is missing", [file("other", "D")]],
    ["is a directory", [{ name: "Dockerfile", type: "directory" }]],
    ["is a link to nothing", [symlink("Dockerfile", "none")]],
    ["is a link to itself", [symlink("Dockerfile", "a"), symlink("a", "Dockerfile")]],
    ["became a link to nothing", [file("Dockerfile", "D"), symlink("Dockerfile", "none")]],
  ])("that %s is not found", async (_name, entries) => {
    await expect(read(entries)).rejects.toMatchObject({ code: "PATH_NOT_FOUND", facts: { path: "Dockerfile" } });
  });

  it("has an ignore file of its own, or the context's", async () => {
    const entries = [file("d/own", "O"), file("d/own.dockerignore", "g"), file("Dockerfile", "D"), file(".dockerignore", "f")];
    expect(await read(entries)).toEqual({ file: "Dockerfile", text: "D", ignoresF: true });
    expect(await read(entries, { dockerfile: "d/own" })).toEqual({ file: "d/own", text: "O", ignoresF: false });
    expect(await read(entries, { dockerfile: "d/own", dockerfileText: "T" })).toEqual({ file: "d/own", text: "T", ignoresF: false });
    const defaults = [file("Dockerfile.dockerignore", "g"), file(".dockerignore", "f")];
    expect(await read(defaults, { dockerfileText: "T" })).toEqual({ file: "Dockerfile", text: "T", ignoresF: true });
  });

  it("fails with what its source fails with, and otherwise says what is wrong with the tar", async () => {
    const reason = new Error("the network went away");
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10);
      throw reason;
    };
    await expect(readTarDockerfile(broken, {})).rejects.toBe(reason);
    for (const bytes of [Buffer.alloc(1024, "x"), Buffer.alloc(100, "x")])
      await expect(readTarDockerfile(() => chunks(bytes), {})).rejects.toMatchObject({ code: "LAYER_INVALID" });
  });
});
