import { expect, it } from "vitest";
import { hasWildcard, matchExpression } from "../../../../src/engine/build-context/glob.js";
import { IgnoreFile } from "../../../../src/engine/build-context/ignore-file.js";

it.each([
  ["*", "a.b", true],
  ["*", "a/b", false],
  ["a*c", "abbc", true],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["[a-c]x", "bx", true],
  ["[^a-c]x", "bx", false],
  ["[^a-c]x", "dx", true],
  ["a\\*", "a*", true],
  ["a\\*", "ab", false],
  ["[]-]x", "-x", true],
  ["a.b", "axb", false],
  ["é?", "éü", true],
])("filepath.Match(%s, %s) is %s", (pattern, name, matches) => {
  expect(matchExpression(pattern)?.test(name)).toBe(matches);
});

it("a malformed pattern is none", () => {
  expect([matchExpression("[a"), matchExpression("a\\"), hasWildcard("a\\*b"), hasWildcard("a*b")]).toEqual([
    undefined,
    undefined,
    false,
    true,
  ]);
});

it.each([
  ["node_modules", ["node_modules", "node_modules/a/b"], ["a/node_modules", "node_modules2"]],
  ["*/temp*", ["a/temp", "a/temporary/x"], ["temp", "a/b/temp"]],
  ["**/*.go", ["a.go", "x/y/b.go"], ["a.gox"]],
  ["**", ["a", "a/b"], []],
  ["a/**/b", ["a/b", "a/x/y/b", "a/x/b/c"], ["b", "a/xb"]],
  ["/foo/", ["foo", "foo/bar"], ["x/foo"]],
  ["./a//b/../c", ["a/c"], ["a/b"]],
  ["*.md\n!README.md", ["a.md"], ["README.md", "b/a.md"]],
  ["*\n!dir\ndir/secret", ["a", "dir/secret", "dir/secret/x"], ["dir", "dir/a"]],
  ["!x\nx", ["x"], []],
  ["# comment\n\n  a  ", ["a"], ["# comment"]],
  ["temp?", ["tempa"], ["temp", "tempab"]],
])("%j ignores %j and not %j", (text, ignored, kept) => {
  const file = IgnoreFile.parse(text);
  expect(ignored.filter((name) => !file.ignores(name))).toEqual([]);
  expect(kept.filter((name) => file.ignores(name))).toEqual([]);
});

it("a pattern that is none is refused", () => {
  expect(() => IgnoreFile.parse("a\n[b")).toThrowError("a pattern");
  expect(() => IgnoreFile.parse("!")).toThrowError("a pattern");
});
