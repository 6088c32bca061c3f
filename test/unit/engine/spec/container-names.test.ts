import { expect, it } from "vitest";
import { generateName } from "../../../../src/engine/spec/container-names.js";

it("a name that is made up is none that somebody has", () => {
  const refused: string[] = [];
  const name = generateName((candidate) => refused.push(candidate) < 5);
  expect(refused).toHaveLength(5);
  expect(refused.at(-1)).toBe(name);
  expect(name).toMatch(/^[a-z]+_[a-z]+_\d{1,4}$/);
});
