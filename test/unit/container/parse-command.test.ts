import { describe, expect, it } from "vitest";
import { parseCommand } from "../../../src/container/parse-command.js";

describe("parseCommand", () => {
  it.each([
    ["psql -c 'select 1'", ["psql", "-c", "select 1"]],
    ['  echo  "a b"c \\"d  ', ["echo", "a bc", '"d']],
    [`printf "%s \\$x \\n" ''`, ["printf", "%s $x \\n", ""]],
    ["a'b'\"c\"d", ["abcd"]],
    ["echo *.txt #no comment", ["echo", "*.txt", "#no", "comment"]],
  ])("splits %s", (line, words) => {
    expect(parseCommand(line)).toEqual(words);
  });

  it.each(["", "  ", "echo 'open", 'echo "open', "end\\", "a | b", "a && b", "a > b", "a; b", "echo $HOME", 'echo "$HOME"', "echo `id`"])(
    "refuses %j and names the way out",
    (line) => {
      expect(() => parseCommand(line)).toThrow(/^Expected `command` to be .*pass \["sh", "-c", line\]/);
    },
  );
});
