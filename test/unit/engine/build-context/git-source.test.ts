import { expect, it } from "vitest";
import { GitSourceInvalid, parseGitSource } from "../../../../src/engine/build-context/git-source.js";

const plain = { ref: undefined, directory: "", checksum: undefined, keepGitDir: undefined, submodules: true };

it.each([
  ["https://host/a/b.git", { ...plain, remote: "https://host/a/b.git" }],
  ["https://host/b.git#main", { ...plain, remote: "https://host/b.git", ref: "main" }],
  ["https://host/b.git#main:sub/dir", { ...plain, remote: "https://host/b.git", ref: "main", directory: "sub/dir" }],
  ["https://host/b.git#:sub", { ...plain, remote: "https://host/b.git", directory: "sub" }],
  ["git://host/b", { ...plain, remote: "git://host/b" }],
  ["ssh://git@host:22/b", { ...plain, remote: "ssh://git@host:22/b" }],
  ["git@host.example:a/b.git#v1", { ...plain, remote: "git@host.example:a/b.git", ref: "v1" }],
  ["https://host/b.git?tag=v1&subdir=x", { ...plain, remote: "https://host/b.git", ref: "refs/tags/v1", directory: "x" }],
  ["https://host/b.git?branch=refs/heads/main", { ...plain, remote: "https://host/b.git", ref: "refs/heads/main" }],
  ["https://host/b.git?commit=abc", { ...plain, remote: "https://host/b.git", ref: "abc", checksum: "abc" }],
  ["https://host/b.git?keep-git-dir&submodules=0", { ...plain, remote: "https://host/b.git", keepGitDir: true, submodules: false }],
])("%s is a repository", (text, expected) => {
  expect(parseGitSource(text)).toEqual(expected);
});

it.each(["https://host/file.tar", "https://host/b.git/file", "./b.git", "../x", "dir/b.git", "file.txt", "C:/x", "https://host/?x=b.git"])(
  "%s is none",
  (text) => {
    expect(parseGitSource(text)).toBeUndefined();
  },
);

it.each([
  ["https://host/b.git?x=y", 'unexpected query "x"'],
  ["https://host/b.git?ref=a#b", "ref conflicts"],
  ["https://host/b.git?tag=a&branch=b", "ref conflicts"],
  ["https://host/b.git?subdir=a#main:b", "subdir conflicts"],
  ["https://host/b.git?ref=", "has no value"],
  ["https://host/b.git?submodules=maybe", "invalid submodules value"],
])("%s is refused: %s", (text, message) => {
  expect(() => parseGitSource(text)).toThrow(GitSourceInvalid);
  expect(() => parseGitSource(text)).toThrow(message);
});
