import { describe, expect, it } from "vitest";
import { IgnoreFile } from "../../../../../src/engine/build-context/ignore-file.js";
import { globalArguments } from "../../../../../src/engine/dockerfile/global-arguments.js";
import { checkOptionsOf, violationOf } from "../../../../../src/engine/dockerfile/lint/build-lint.js";
import { lintDockerfile, lintText } from "../../../../../src/engine/dockerfile/lint/lint-dockerfile.js";
import { RULES } from "../../../../../src/engine/dockerfile/lint/rules.js";
import { parseUpToError } from "../../../../../src/engine/dockerfile/parse-dockerfile.js";
import { platformArgs } from "../../../../../src/engine/dockerfile/platform-args.js";
import { baseOf, findTarget } from "../../../../../src/engine/dockerfile/stage-graph.js";
import type { BuildWarning } from "../../../../../src/engine/engine.js";
import { fromOci, type OciImageConfig, toOci } from "../../../../../src/engine/oci/image-config.js";
import { parsePlatform } from "../../../../../src/engine/oci/platform.js";
import { from } from "../../../../fixtures/lint/from.js";
import { instructions } from "../../../../fixtures/lint/instructions.js";
import { LINT_IMAGES, type LintCase, lintCase } from "../../../../fixtures/lint/lint-case.js";
import { options } from "../../../../fixtures/lint/options.js";
import { variables } from "../../../../fixtures/lint/variables.js";
import { writing } from "../../../../fixtures/lint/writing.js";

const HOST = parsePlatform("linux/amd64");
const ALL = { writing, options, from, variables, instructions };

function imageConfig(reference: string): OciImageConfig | undefined {
  const config = LINT_IMAGES[reference];
  if (!config) return undefined;
  return { architecture: "amd64", os: "linux", config: toOci({ ...fromOci(), ...config }), rootfs: { type: "layers", diff_ids: [] } };
}

interface Result {
  readonly warnings: readonly BuildWarning[];
  readonly error?: unknown;
  /** Stages whose image would have to be known. */
  readonly missed?: readonly number[];
}

function lint({ dockerfile: text, ignoreFile = "", buildArgs = {}, target }: LintCase, find = imageConfig): Result {
  const parsed = parseUpToError("Dockerfile", text);
  try {
    const checks = checkOptionsOf(parsed, { buildArgs });
    if (parsed.error !== undefined) return { warnings: lintText(parsed.dockerfile, checks), error: parsed.error };
    const { dockerfile } = parsed;
    const platform = platformArgs(HOST, HOST);
    const facts = {
      ...{ dockerfile, buildArgs, platformArgs: platform, target: HOST, ignore: IgnoreFile.parse(ignoreFile) },
      ...{ contexts: new Map(), imageContexts: new Set<string>(), globalArgs: globalArguments(dockerfile, platform, buildArgs) },
    };
    const stage = target === undefined ? undefined : findTarget(dockerfile, target);
    const known = new Map<number, OciImageConfig>();
    for (const each of lintDockerfile(facts, checks, stage, known).images) {
      const { source } = baseOf(facts, each);
      const config = source.kind === "image" ? find(source.reference) : undefined;
      if (config) known.set(each.index, config);
    }
    const { warnings, missed, error } = lintDockerfile(facts, checks, stage, known);
    return { warnings, missed: missed.map(({ index }) => index), error: error ?? violationOf(checks, warnings) };
  } catch (error) {
    return { warnings: [], error };
  }
}

function lines(warnings: readonly BuildWarning[]): string[] {
  return warnings.map(({ rule, message, line, endLine }) => `${line === endLine ? line : `${line}-${endLine}`} ${rule}: ${message}`).sort();
}

describe.each(Object.entries(ALL))("%s", (_, cases) => {
  it.each(cases.map((each) => [each.name, each] as const))("%s", (_name, each) => {
    const { warnings, error } = lint(each);
    expect(lines(warnings)).toEqual([...each.warnings].sort());
    if (each.error === undefined) expect(error).toBeUndefined();
    else expect((error as Error).message).toContain(each.error);
  });
});

it("has a case with and one without a warning for every rule", () => {
  const told = new Set(
    Object.values(ALL).flatMap((cases) => cases.flatMap(({ warnings }) => warnings.map((each) => each.split(/[ :]/)[1]!))),
  );
  expect(Object.keys(RULES)).toHaveLength(22);
  expect(Object.keys(RULES).filter((rule) => !told.has(rule))).toEqual(["InvalidBaseImagePlatform"]);
});

describe("images", () => {
  const arm = (): OciImageConfig => ({ ...imageConfig("lint/base:1")!, architecture: "arm64", variant: "v8" });

  it("of another platform than was asked for", () => {
    const { warnings } = lint(
      lintCase("", "FROM a:1\nFROM --platform=$BUILDPLATFORM b:2 AS b\nFROM --platform=linux/arm64 c:3 AS arm64\n"),
      arm,
    );
    const message = (image: string) =>
      `Base image ${image} was pulled with platform "linux/arm64", expected "linux/amd64" for current build`;
    expect(lines(warnings)).toEqual([`1 InvalidBaseImagePlatform: ${message("a:1")}`, `2 InvalidBaseImagePlatform: ${message("b:2")}`]);
  });

  it.each([
    ["variables that only it could have", "FROM x\nLABEL a=$GREETING\nENV a b\n", [0]],
    ["variables in a stage above", "FROM x AS a\nFROM a\nLABEL a=$GREETING\nENV a b\n", [0]],
    ["shell forms without SHELL", "FROM x\nCMD foo\nENV a b\n", [0]],
    ["nothing that it could have", 'FROM x\nARG v\nSHELL ["a"]\nLABEL a=$v b=$PATH\nCMD foo\nWORKDIR /a\nENV a b\n', []],
  ])("that nobody knows are missed for %s, and nothing is said of that", (_name, dockerfile, missed) => {
    const result = lint(lintCase("", dockerfile), () => undefined);
    expect(result.missed).toEqual(missed);
    expect(result.warnings.map(({ rule }) => rule)).toEqual(["LegacyKeyValueFormat"]);
  });
});

it("shows the lines around: four of one, two of several, as far as there are any", () => {
  const text = "FROM scratch\nLABEL a=1\nLABEL a=2\nENV a b\nLABEL a=3\nLABEL a=4\nLABEL a=5\nENV a \\\n  b\nMAINTAINER x\n";
  const { warnings } = lint(lintCase("", text));
  expect(warnings.map(({ line, endLine, excerpt }) => [line, endLine, excerpt.firstLine, excerpt.lines.length])).toEqual([
    [10, 10, 8, 3],
    [4, 4, 2, 5],
    [8, 9, 7, 4],
  ]);
  expect(warnings[1]?.excerpt.lines).toEqual(["LABEL a=1", "LABEL a=2", "ENV a b", "LABEL a=3", "LABEL a=4"]);
  expect(warnings[1]).toMatchObject({
    description: "Legacy key/value format with whitespace separator should not be used",
    url: "https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/",
  });
});
