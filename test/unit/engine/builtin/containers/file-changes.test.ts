import { describe, expect, it } from "vitest";
import {
  fileChanges,
  type LowerFile,
  replacedDirectories,
  type WrittenFile,
} from "../../../../../src/engine/builtin/containers/file-changes.js";

const BASE: LowerFile = { isDirectory: false, mode: 0o644, uid: 0, gid: 0, mtime: 1 };
const file = (path: string, more: Partial<WrittenFile> = {}): WrittenFile => ({ ...BASE, path, ...more });
const directory = (path: string, more: Partial<WrittenFile> = {}): WrittenFile => file(path, { isDirectory: true, mode: 0o755, ...more });

function changes(written: readonly WrittenFile[], lower: readonly WrittenFile[], mounts: readonly string[] = []): string[] {
  const known = new Map(lower.map((each) => [each.path, each]));
  const replaced = new Map(
    replacedDirectories(written, known).map((top) => [top, [...known.keys()].filter((path) => path.startsWith(`${top}/`))]),
  );
  return fileChanges({ written, lower: known, replaced, mounts }).map(({ path, kind }) => `${kind[0]!.toUpperCase()} ${path}`);
}

describe("a directory", () => {
  it("that was only copied up for the sake of what is in it has not changed", () => {
    expect(changes([directory("etc"), file("etc/passwd", { mtime: 2 })], [directory("etc"), file("etc/passwd")])).toEqual([
      "C /etc/passwd",
    ]);
  });

  it("has changed with its mode, its owner, its times, or a name in it", () => {
    for (const change of [{ mode: 0o700 }, { uid: 1 }, { mtime: 9 }])
      expect(changes([directory("d", change)], [directory("d")])).toEqual(["C /d"]);
    expect(changes([directory("d"), file("d/new")], [directory("d")])).toEqual(["C /d", "A /d/new"]);
    expect(changes([directory("d"), file("d/.wh.old")], [directory("d"), file("d/old")])).toEqual(["C /d", "D /d/old"]);
  });

  it("in which something is mounted may have got new times by that", () => {
    expect(changes([directory("etc", { mtime: 9 }), file("etc/hosts")], [directory("etc")], ["etc/hosts"])).toEqual([]);
    expect(changes([directory("etc", { mtime: 9, mode: 0o700 })], [directory("etc")], ["etc/hosts"])).toEqual(["C /etc"]);
  });

  it("that was made to mount on is none of the container's, until something else is in it", () => {
    const made = [directory("a"), directory("a/b"), directory("a/b/mounted")];
    expect(changes(made, [], ["a/b/mounted"])).toEqual([]);
    expect(changes([...made, file("a/b/own")], [], ["a/b/mounted"])).toEqual(["A /a", "A /a/b", "A /a/b/own"]);
  });
});

describe("a file", () => {
  it("in place of a directory, and the reverse, is a change", () => {
    expect(changes([file("x")], [directory("x")])).toEqual(["C /x"]);
    expect(changes([directory("x"), file("x/.wh..wh..opq"), file("x/y")], [file("x")])).toEqual(["C /x", "A /x/y"]);
  });

  it("below what was a link leads nowhere else", () => {
    expect(changes([directory("link"), file("link/passwd")], [file("link"), file("link/passwd")])).toEqual(["C /link", "A /link/passwd"]);
  });
});

it("a directory that was replaced has lost what is not in the new one; of a lost directory only itself is named", () => {
  const lower = [directory("d"), file("d/a"), directory("d/sub"), file("d/sub/b"), directory("d/lost"), file("d/lost/c")];
  const written = [directory("d", { mtime: 5 }), file("d/.wh..wh..opq"), directory("d/sub"), file("d/sub/new")];
  expect(changes(written, lower)).toEqual(["C /d", "D /d/a", "D /d/lost", "C /d/sub", "D /d/sub/b", "A /d/sub/new"]);
});

it("mounts hide what is at their place and below", () => {
  expect(changes([directory("data"), file("data/x"), file("data2")], [], ["data"])).toEqual(["A /data2"]);
});
