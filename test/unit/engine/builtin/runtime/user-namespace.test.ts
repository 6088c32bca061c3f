import { describe, expect, it } from "vitest";
import { chooseUserNamespace, insideId, type UserFacts } from "../../../../../src/engine/builtin/runtime/user-namespace.js";

const programs = { newuidmap: "/usr/bin/newuidmap", newgidmap: "/usr/bin/newgidmap" };
const FACTS: UserFacts = {
  ...{ uid: 1000, gid: 1001, name: "ada", programs },
  ...{ subuid: "bob:100000:65536\nada:165536:65536\n", subgid: "ada:165536:65536\n" },
};

describe("a user namespace", () => {
  it("has its user as root, and the subordinate ids after that", () => {
    expect(chooseUserNamespace(FACTS)).toEqual({
      uids: [
        [0, 1000, 1],
        [1, 165_536, 65_536],
      ],
      gids: [
        [0, 1001, 1],
        [1, 165_536, 65_536],
      ],
      programs,
    });
  });

  it("takes every range of the user, by name and by number", () => {
    const subuid = "ada:100000:30000\nbroken\nada:x:5\nada:7:0\n1000:500000:40000\n";
    expect(chooseUserNamespace({ ...FACTS, subuid })).toMatchObject({
      uids: [
        [0, 1000, 1],
        [1, 100_000, 30_000],
        [30_001, 500_000, 40_000],
      ],
    });
    expect(chooseUserNamespace({ ...FACTS, name: undefined, subuid: "1000:1:65536", subgid: "1000:1:65536" }).single).toBeUndefined();
  });

  it.each([
    [{ programs: undefined }, /newuidmap and newgidmap are not installed/, /uidmap/],
    [{ subuid: "" }, /\/etc\/subuid gives user ada 0 ids, not 65535/, /usermod --add-subuids .* ada$/],
    [{ subgid: "ada:5:1000" }, /\/etc\/subgid gives user ada 1000 ids/, /usermod/],
    [{ name: undefined, subuid: "ada:165536:65536" }, /gives user 1000 0 ids/, /1000$/],
    [{ subuid: ":165536:65536", name: "" }, /\/etc\/subuid gives/, /usermod/],
  ])("has its user alone with %j, which says why", (facts, missing, remedy) => {
    expect(chooseUserNamespace({ ...FACTS, ...facts })).toEqual({
      uids: [[0, 1000, 1]],
      gids: [[0, 1001, 1]],
      programs: undefined,
      single: { missing: expect.stringMatching(missing), remedy: expect.stringMatching(remedy) },
    });
  });

  it("knows ids of the host by other numbers, and those of others as nobody's", () => {
    const ranges = [
      [0, 1000, 1],
      [1, 165_536, 65_536],
    ] as const;
    expect([1000, 165_536, 165_606, 231_071, 231_072, 0, 1001].map((id) => insideId(ranges, id))).toEqual([
      0, 1, 71, 65_536, 65_534, 65_534, 65_534,
    ]);
  });
});
