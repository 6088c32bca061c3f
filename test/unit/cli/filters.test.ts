import { expect, it } from "vitest";
import { labelFilter, parseBoolean, parseFilters } from "../../../src/cli/filters.js";

it("gathers values by key", () => {
  expect([...parseFilters(["label=a", "label=b=c", "name=x=y"], ["label", "name"])]).toEqual([
    ["label", ["a", "b=c"]],
    ["name", ["x=y"]],
  ]);
});

it.each([["bogus=1"], ["label"], ["=x"]])("refuses %s", (text) => {
  expect(() => parseFilters([text], ["label"])).toThrow(/--filter takes KEY=VALUE with one of label/);
});

it("a label without a value stands for any", () => {
  expect(labelFilter(["a", "b=", "c=d=e"])).toEqual({ a: true, b: "", c: "d=e" });
});

it("reads truth as docker does", () => {
  expect([parseBoolean("dangling", "true"), parseBoolean("dangling", "0"), parseBoolean("dangling", undefined)]).toEqual([
    true,
    false,
    undefined,
  ]);
  expect(() => parseBoolean("dangling", "perhaps")).toThrow(/true or false/);
});
