import { describe, expect, it } from "vitest";
import { copyTarget, placeOf } from "../../../src/cli/copy-target.js";

const file = (path: string) => ({ path, isDirectory: false });
const tree = (path: string) => ({ path, isDirectory: true });

describe("copyTarget", () => {
  it.each([
    ["a file into a directory", file("/a/f"), "/d", "directory", { directory: "/d", name: "f" }],
    ["a file onto a file", file("/a/f"), "/d/g", "other", { directory: "/d", name: "g" }],
    ["a file under a new name", file("/a/f"), "g", "missing", { directory: ".", name: "g" }],
    ["a directory into one", tree("/a/t"), "/d", "directory", { directory: "/d", name: "t" }],
    ["a directory's contents into one", tree("/a/t/."), "/d", "directory", { directory: "/d", name: "" }],
    ["a directory as a new one", tree("/a/t"), "/d/new/", "missing", { directory: "/d", name: "new" }],
    ["a directory's contents as a new one", tree("/a/t/."), "/d/new", "missing", { directory: "/d", name: "new" }],
  ] as const)("puts %s where docker does", (_, source, target, kind, expected) => {
    expect(copyTarget(source, target, kind)).toEqual(expected);
  });

  it.each([
    ["a file to a directory that is not there", file("/f"), "/d/new/", "missing"],
    ["a file to a file that is named as a directory", file("/f"), "/d/g/", "other"],
    ["a directory onto a file", tree("/t"), "/d/g", "other"],
    ["the contents of a file", file("/f/."), "/d", "directory"],
  ] as const)("refuses %s", (_, source, target, kind) => {
    expect(() => copyTarget(source, target, kind)).toThrow(expect.objectContaining({ code: "COPY_FAILED" }));
  });
});

describe("placeOf", () => {
  it("tells containers from local paths", () => {
    expect(placeOf("box:/a:b")).toEqual({ container: "box", path: "/a:b" });
    expect(placeOf("./box:/a")).toEqual({ container: undefined, path: "./box:/a" });
    expect(placeOf("/x:y")).toEqual({ container: undefined, path: "/x:y" });
    expect(placeOf("-")).toEqual({ container: undefined, path: "-" });
    expect(() => placeOf("box:")).toThrow("missing");
  });
});
