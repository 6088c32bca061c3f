/** What a builder says when it fails, as the errors that the built-in engine throws. The words are those of BuildKit, Docker and Buildah. Pure. */
import { buildFailed } from "../../dockerfile/build-failed.js";
import { dockerfileError } from "../../dockerfile/dockerfile-error.js";
import type { Instruction } from "../../dockerfile/instructions.js";
import { placed } from "../../dockerfile/placed-error.js";
import type { CaissonError } from "../../errors.js";
import { parseReference } from "../../oci/reference.js";
import { apiFailure } from "../failures.js";
import { registryFailure } from "../images/registry-failure.js";
import type { BuildPlan } from "./build-source.js";

export interface BuilderFailure {
  readonly message: string;
  /** Of the step that failed, where it is known. */
  readonly instruction: Instruction | undefined;
  /** Where the builder says so. */
  readonly line?: number | undefined;
  readonly output: readonly string[];
  /** Why a path is not found although it is there. */
  readonly why?: ((path: string) => string | undefined) | undefined;
}

/** The command of a step ended, and with what. */
const EXITS = [
  /process "(?<command>.*)" did not complete successfully: exit code: (?<code>\d+)/s,
  /executor failed running \[(?<command>.*)\]: exit code: (?<code>\d+)/s,
  /The command '(?<command>.*)' returned a non-zero code: (?<code>\d+)/s,
  /building at STEP "RUN (?<command>.*)": while running runtime: exit status (?<code>\d+)/s,
  /exit (?:status|code):? (?<code>\d+)/,
];

/** No such program; the way it is told depends on whether it was looked up. */
const MISSING_COMMANDS = [
  /exec: "(?<command>[^"]+)": (?:executable file not found in \$PATH|stat \S+: no such file or directory)/,
  /executable file `(?<command>[^`]+)` not found in \$PATH/,
];

const MISSING_FILES = [
  /"(?<path>\/[^"]*)":? not found/,
  /stat (?<path>[^\s:]+): (?:file does not exist|no such file or directory)/,
  /copier: stat: "(?<path>[^"]+)": no such file/,
  /no items matching glob "(?<path>[^"]+)"/,
  /(?:lstat|checking on sources).*?(?<path>\/[^\s:"]+): no such file/,
];

const INVALID =
  /dockerfile parse error|failed to create LLB definition|unknown instruction|failed to process|bad substitution|target stage|failed to reach build target|invalid chmod|invalid containerPort|syntax error/i;

export function builderFailure(plan: BuildPlan | undefined, failure: BuilderFailure, doing: string): CaissonError {
  const { message, output } = failure;
  const instruction = failure.instruction ?? instructionAt(plan, failure.line ?? lineOf(message)) ?? baseNamed(plan, message);
  if (!plan || !instruction) return apiFailure({ doing }, 500, message);
  const step = { file: plan.dockerfile.file, instruction };
  const evidence = [...output];
  const full = apiFailure({ doing }, 500, message);
  if (full.code === "DISK_FULL") return placed(full, plan.dockerfile.file, instruction);
  const words = [message, ...output].join("\n").replaceAll('\\"', '"');
  const command = firstGroup(MISSING_COMMANDS, words)?.["command"];
  if (instruction.keyword === "RUN" && command !== undefined)
    return buildFailed(step, `${command}: command not found`, { exitCode: 127, command, output });
  const exit = instruction.keyword === "RUN" ? firstGroup(EXITS, message) : undefined;
  if (exit?.["code"] !== undefined)
    return buildFailed(step, `exit code ${exit["code"]}`, { exitCode: Number(exit["code"]), command: exit["command"], output });
  const secret = /secret (?:not found: )?"?(?<id>[\w.-]+)"?:? (?:not found|is not)|secret not found: (?<name>[\w.-]+)/.exec(
    message,
  )?.groups;
  if (secret) return buildFailed(step, `secret ${secret["id"] ?? secret["name"]}: not found`, { output });
  const missing = firstGroup(MISSING_FILES, message)?.["path"];
  if (missing !== undefined && instruction.keyword !== "FROM") {
    const wanted = missing.replace(/^\/+/, "");
    const why = failure.why?.(wanted);
    return buildFailed(step, `"/${wanted}": not found${why === undefined ? "" : `: ${why}`}`, { output: [...evidence, message] });
  }
  const image = plan.images.find((each) => each.instruction === instruction)?.reference;
  const asked = image === undefined ? undefined : registryFailure(message, registryFacts(image));
  if (asked) return placed(asked, plan.dockerfile.file, instruction);
  if (INVALID.test(message))
    return dockerfileError({ file: step.file, line: instruction.line }, lastPart(message), { source: instruction.original });
  return buildFailed(step, lastPart(message), { output });
}

function registryFacts(reference: string) {
  return { registry: parseReference(reference).domain, reference, credentials: "those of docker's config.json, asked for by the daemon" };
}

function firstGroup(patterns: readonly RegExp[], text: string): Readonly<Record<string, string>> | undefined {
  for (const pattern of patterns) {
    const groups = pattern.exec(text)?.groups;
    if (groups) return groups;
  }
  return undefined;
}

function lineOf(message: string): number | undefined {
  const [, line] = /(?:parse error )?(?:on )?line (\d+)/i.exec(message) ?? [];
  return line === undefined ? undefined : Number(line);
}

function instructionAt(plan: BuildPlan | undefined, line: number | undefined): Instruction | undefined {
  if (!plan || line === undefined) return undefined;
  const { globalArgs, stages } = plan.dockerfile;
  const all = [...globalArgs, ...stages.flatMap(({ from, instructions }) => [from, ...instructions])];
  return all.find((each) => each.line <= line && line <= each.endLine);
}

/** Whose base image the message is about. */
function baseNamed(plan: BuildPlan | undefined, message: string): Instruction | undefined {
  return plan?.images.find(({ reference }) => message.includes(reference.replace(/^.*\//, "").replace(/[:@].*$/, "")))?.instruction;
}

/** Without what BuildKit wraps around it. */
function lastPart(message: string): string {
  return message
    .replace(
      /^(?:failed to solve(?: with frontend \S+)?: |failed to create LLB definition: |failed to build LLB: |rpc error: code = \w+ desc = |failed to compute cache key: |failed to calculate checksum of ref \S+: )+/,
      "",
    )
    .trim();
}
