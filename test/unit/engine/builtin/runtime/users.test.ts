import { describe, expect, it } from "vitest";
import { parseUserDatabase, resolveUser } from "../../../../../src/engine/builtin/runtime/users.js";

const database = parseUserDatabase(
  "root:x:0:0:root:/root:/bin/sh\nbroken line\napp:x:1000:1001:App:/home/app:/bin/sh\n",
  "root:x:0:\napp:x:1001:\nextra:x:2000:app,other\n",
);

describe("resolveUser", () => {
  it("takes root when nothing is said", () => {
    expect(resolveUser("", database)).toEqual({ uid: 0, gid: 0, groups: [0], home: "/root" });
  });

  it("gives a user by name its own group, its home and the groups that list it", () => {
    expect(resolveUser("app", database)).toEqual({ uid: 1000, gid: 1001, groups: [1001, 2000], home: "/home/app" });
  });

  it("takes a number that nobody has", () => {
    expect(resolveUser("4242:77", database)).toEqual({ uid: 4242, gid: 77, groups: [77], home: "/" });
  });

  it("drops the listed groups when a group is named", () => {
    expect(resolveUser("app:root", database, ["extra"])).toMatchObject({ gid: 0, groups: [0, 2000] });
  });

  it.each(["nobody-here", "app:missing", "app:", "1:2:3", "-1", "4294967295", "0x10"])("refuses %s", (user) => {
    expect(() => resolveUser(user, database)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});
