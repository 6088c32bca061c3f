import { expect, it } from "vitest";
import type { FileChange } from "../../../../src/engine/engine.js";
import { withoutMountPoints } from "../../../../src/engine/remote/mount-points.js";

const added = (...paths: string[]): FileChange[] => paths.map((path) => ({ path, kind: "added" }));

it("what was made to be mounted on is none of the container's", () => {
  expect(withoutMountPoints(added("/made", "/made/for", "/made/for/it", "/mine"), ["/made/for/it"])).toEqual(added("/mine"));
});

it("a directory above that holds more is shown", () => {
  expect(withoutMountPoints(added("/made", "/made/file", "/made/it"), ["/made/it"])).toEqual(added("/made", "/made/file"));
});

it("what was there and changed is shown, and names that begin alike are others", () => {
  const changes: FileChange[] = [{ path: "/etc", kind: "changed" }, ...added("/etc/x", "/etc/xy")];
  expect(withoutMountPoints(changes, ["/etc/x"])).toEqual([changes[0], changes[2]]);
});
