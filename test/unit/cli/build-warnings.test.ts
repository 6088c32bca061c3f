/** Texts as docker and buildx print them. */
import { expect, it } from "vitest";
import { buildReport, checkReport, warningLine } from "../../../src/cli/build-warnings.js";
import type { BuildWarning } from "../../../src/engine/engine.js";

const LEGACY: BuildWarning = {
  rule: "LegacyKeyValueFormat",
  message: '"ENV key=value" should be used instead of legacy "ENV key value" format',
  description: "Legacy key/value format with whitespace separator should not be used",
  url: "https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/",
  file: "Dockerfile",
  line: 2,
  endLine: 3,
  excerpt: { firstLine: 1, lines: ["FROM scratch", "ENV a \\", "  b", "", "CMD x"] },
};
const PLATFORM: BuildWarning = {
  rule: "InvalidBaseImagePlatform",
  message: 'Base image a was pulled with platform "linux/arm64", expected "linux/amd64" for current build',
  description: "Base image platform does not match expected target platform",
  file: "Dockerfile",
  line: 1,
  endLine: 1,
  excerpt: { firstLine: 1, lines: ["FROM a"] },
};

it("reports of a check, by line", () => {
  expect(checkReport([])).toBe("Check complete, no warnings found.\n");
  expect(checkReport([PLATFORM])).toMatch(/^Check complete, 1 warning has been found!\n\nWARNING: InvalidBaseImagePlatform\nBase image a /);
  expect(checkReport([LEGACY, PLATFORM])).toBe(`Check complete, 2 warnings have been found!

WARNING: InvalidBaseImagePlatform
Base image a was pulled with platform "linux/arm64", expected "linux/amd64" for current build
Dockerfile:1
--------------------
   1 | >>> FROM a
--------------------

WARNING: LegacyKeyValueFormat - https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/
"ENV key=value" should be used instead of legacy "ENV key value" format
Dockerfile:2
--------------------
   1 |     FROM scratch
   2 | >>> ENV a \\
   3 | >>>   b
   4 |
   5 |     CMD x
--------------------
`);
});

it("reports at the end of a build, with what each rule is about", () => {
  expect(buildReport([])).toBe("");
  expect(buildReport([LEGACY])).toBe(`
 1 warning found:
 - LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format (line 2)
Legacy key/value format with whitespace separator should not be used
More info: https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/
Dockerfile:2
--------------------
   1 |     FROM scratch
   2 | >>> ENV a \\
   3 | >>>   b
   4 |
   5 |     CMD x
--------------------

`);
  expect(buildReport([LEGACY, PLATFORM])).toMatch(/^\n 2 warnings found:\n - InvalidBaseImagePlatform: /);
});

it("in one line meanwhile", () => {
  expect(warningLine(PLATFORM)).toBe(`WARN: InvalidBaseImagePlatform: ${PLATFORM.message} (Dockerfile:1)\n`);
});
