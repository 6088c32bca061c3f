import { expect, it } from "vitest";
import { includesCpus, parseCpuList } from "../../../../src/engine/spec/cpu-list.js";

it.each([
  ["0", [0]],
  ["0-2,4", [0, 1, 2, 4]],
  ["3, 1", [1, 3]],
])("%s is a list", (text, numbers) => {
  expect([...parseCpuList(text)!].sort()).toEqual(numbers);
});

it.each(["", "a", "2-1", "1-", "-1", "1,,2", "0-999999"])("%j is none", (text) => {
  expect(parseCpuList(text)).toBeUndefined();
});

it("one list may be part of another", () => {
  expect([includesCpus("0-3", "1,3"), includesCpus("0-3", "3-4"), includesCpus("0-3", "x"), includesCpus("", "0")]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
