import { expect, it } from "vitest";
import { ExpansionError, expandWord, expandWords } from "../../../../src/engine/dockerfile/expand.js";

const ENV: Readonly<Record<string, string>> = { a: "one", empty: "", path: "/usr/local/lib/x.tar.gz", two: "x y", A1_b: "z" };
const expand = (word: string) => expandWord(word, (name) => ENV[name], { escapeCharacter: "\\" });
const split = (word: string) => expandWords(word, (name) => ENV[name], { escapeCharacter: "\\" });

it.each([
  ["$a", "one"],
  ["x$a-y", "xone-y"],
  ["${a}b", "oneb"],
  ["$A1_b.c", "z.c"],
  ["$", "$"],
  ["$-", ""],
  ["$1a", "a"],
  ["$none", ""],
  ["\\$a", "$a"],
  ["'$a'", "$a"],
  ['"$a \\" \\x \\$a \\\\"', 'one " \\x $a \\'],
  ["a\\ b", "a b"],
  ["${none:-def}", "def"],
  ["${empty:-def}", "def"],
  ["${empty-def}", ""],
  ["${none-$a}", "one"],
  ["${none:-${empty:-${a}}}", "one"],
  ["${a:+yes}", "yes"],
  ["${empty:+yes}", ""],
  ["${empty+yes}", "yes"],
  ["${a:?no}", "one"],
  ["${empty?no}", ""],
  ["${path#*/}", "usr/local/lib/x.tar.gz"],
  ["${path##*/}", "x.tar.gz"],
  ["${path%.*}", "/usr/local/lib/x.tar"],
  ["${path%%.*}", "/usr/local/lib/x"],
  ["${path#nothing}", "/usr/local/lib/x.tar.gz"],
  ["${a#?}", "ne"],
  ["${a/n/N}", "oNe"],
  ["${path//l/L}", "/usr/LocaL/Lib/x.tar.gz"],
  ["${path/\\/usr/}", "/local/lib/x.tar.gz"],
  ["${path//[/]/x}", "/usr/local/lib/x.tar.gz"],
])("%s is %s", (word, value) => {
  expect(expand(word)).toBe(value);
});

it("words are cut where white space is not quoted, also that of variables", () => {
  expect(split("a  'b c' $two \"$two\" d\\ e")).toEqual(["a", "b c", "x", "y", "x y", "d e"]);
});

it.each([
  ["${a", "missing '}'"],
  ["${}", "bad substitution"],
  ["${a!b}", "unsupported modifier (!)"],
  ["${none:?give one}", "none: give one"],
  ["${none?}", "none: is not allowed to be unset"],
  ["${empty:?}", "empty: is not allowed to be empty"],
  ["'a", "single-quote"],
  ['"a', "double-quote"],
])("%s is an error: %s", (word, message) => {
  expect(() => expand(word)).toThrowError(ExpansionError);
  expect(() => expand(word)).toThrowError(message);
});

it("tells which variables it reads, and which of them are set", () => {
  const seen: [string, boolean][] = [];
  const word = "$a $none ${other:-x} ${third#y} ${a:+$fourth} ${fifth/x/y}";
  expandWord(word, (name) => ENV[name], { escapeCharacter: "\\", seen: (...variable) => seen.push(variable) });
  expect(seen).toEqual([
    ["a", true],
    ["none", false],
    ["other", false],
    ["third", false],
    ["fourth", false],
    ["a", true],
    ["fifth", false],
  ]);
});

it("a backtick escapes where the file says so", () => {
  expect(expandWord("c:\\x `$a", (name) => ENV[name], { escapeCharacter: "`" })).toBe("c:\\x $a");
});
