import { describe, expect, it } from "vitest";
import { EnvFileError, parseEnvFile } from "../../../src/compose/files/env-file.js";

const AROUND: Readonly<Record<string, string>> = { HOME: "/root", A: "around" };
const parsed = (text: string): Record<string, string> => parseEnvFile(text, (name) => AROUND[name]);

describe("files with environment variables", () => {
  it.each([
    ["A=b", { A: "b" }],
    ["A = b ", { A: "b" }],
    ["A: b", { A: "b" }],
    ["export A=b", { A: "b" }],
    ["A=", { A: "" }],
    ["\n# comment\n\nA=b # why\r\nB=c#d\r\n", { A: "b", B: "c#d" }],
    ["A='b # $HOME \\n'", { A: "b # $HOME \\n" }],
    ['A="b # c" # d', { A: "b # c" }],
    ['A="one\\ntwo \\"three\\" \\$HOME"', { A: 'one\ntwo "three" $HOME' }],
    ['A="one\ntwo"\nB=c', { A: "one\ntwo", B: "c" }],
    ["A=$HOME/x\nB=${C:-d}", { A: "/root/x", B: "d" }],
    ["B=own\nC=$B $A", { B: "own", C: "own around" }],
    ["HOME\nNOT_THERE\nB=c", { HOME: "/root", B: "c" }],
    ["B.c-d=e", { "B.c-d": "e" }],
    ["\ufeffA=b", { A: "b" }],
    ["A=x=y", { A: "x=y" }],
  ])("%j", (text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it.each([
    ["A=b\n1x=c", 2, 'expected NAME=VALUE, not "1x=c"'],
    ["\nA B=c", 2, 'expected NAME=VALUE, not "A B=c"'],
    ['A=b\nB="c\nd', 2, 'the quote " is not closed'],
    ["A='b' c", 1, '"c" follows the closing quote'],
    ["A=b\n\nB=${C:?why}", 3, "the variable C is required and has no value: why"],
  ])("refuses %j", (text, line, message) => {
    expect(() => parsed(text)).toThrow(EnvFileError);
    expect(() => parsed(text)).toThrow(expect.objectContaining({ line, message }));
  });
});
