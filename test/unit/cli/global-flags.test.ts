import { describe, expect, it } from "vitest";
import { splitGlobalFlags } from "../../../src/cli/global-flags.js";

const HOST = "tcp://127.0.0.1:2375";

describe("what stands before the command", () => {
  it.each([
    [["-H", HOST, "ps", "-a"]],
    [[`-H${HOST}`, "ps", "-a"]],
    [[`-H=${HOST}`, "ps", "-a"]],
    [["--host", HOST, "ps", "-a"]],
    [[`--host=${HOST}`, "ps", "-a"]],
  ])("%j names the engine", (words) => expect(splitGlobalFlags(words)).toEqual({ host: HOST, words: ["ps", "-a"] }));

  it.each([[["serve", "-H", HOST]], [["--help"]], [["--hostname", "a"]], [[]]])("%j is the command's own", (words) => {
    expect(splitGlobalFlags(words)).toEqual({ host: undefined, words });
  });

  it.each([[["-H"]], [["--host", ""]], [["--host="]]])("%j names none", (words) => {
    expect(() => splitGlobalFlags(words)).toThrow("--host needs the address of a daemon");
  });

  it("refuses two", () => expect(() => splitGlobalFlags(["-H", HOST, "--host", HOST, "ps"])).toThrow("given twice"));
});
