import { expect, it } from "vitest";
import { splitCommand } from "../../../src/compose/files/split-command.js";

it.each([
  ["a  b\tc", ["a", "b", "c"]],
  ["sh -c 'echo \"$HOME\" | cat; x'", ["sh", "-c", 'echo "$HOME" | cat; x']],
  ['sh -c "echo \\"$X\\" \\n"', ["sh", "-c", 'echo "$X" \\n']],
  ["a\\ b ''", ["a b", ""]],
  ["a'b'\"c\"", ["abc"]],
  ["", []],
  ["'open", undefined],
])("%s", (line, words) => {
  expect(splitCommand(line)).toEqual(words);
});
