/** One instruction of a stage: its words expanded, its checks made, the stage moved on by it. */

import { applyConfiguration, type ConfigurationInstruction } from "../apply-configuration.js";
import { Expander } from "../expand-instruction.js";
import { type ImageState, resolveWorkdir } from "../image-state.js";
import type { CopyInstruction, Instruction, InstructionOf } from "../instructions.js";
import type { Stage } from "../parse-dockerfile.js";
import { parseMounts } from "../parse-mounts.js";
import { sourceOf } from "../stage-graph.js";
import { checkCommandForm } from "./command-form.js";
import { checkExposedPorts } from "./exposed-port-format.js";
import { at, type Finding, type Place, quoted } from "./finding.js";
import { checkIgnoredSources } from "./ignored-sources.js";
import { checkKeyValueFormat } from "./key-value-format.js";
import type { LintFacts } from "./lint-facts.js";
import { checkSecrets } from "./secrets.js";
import { undeclaredVariables, undefinedVariable } from "./undefined-variables.js";

/** A stage as far as it has been gone through. */
export interface CheckedStage {
  readonly stage: Stage;
  state: ImageState;
  /** By this Dockerfile: what the image says may change. */
  workdirIsSet: boolean;
  /** Number of the stage below all whose image isn't known. */
  readonly unknownBase: number | undefined;
  /** Where the instructions were last that count only once. */
  readonly last: Map<string, Place>;
}

/** Who is told of what a check finds; of an error only after that. */
export interface Listener {
  found(findings: readonly Finding[]): void;
  /** Something depends on the image that isn't known. */
  missed(): void;
}

/** @returns numbers of the stages that it takes files from. @throws DOCKERFILE_INVALID */
export function checkInstruction(facts: LintFacts, checked: CheckedStage, instruction: Instruction, listener: Listener): readonly number[] {
  const isUnknown = checked.unknownBase !== undefined;
  const lookup = (name: string): string | undefined => checked.state.env.get(name);
  const telling = new Expander(facts.dockerfile, instruction, lookup, ({ unset }) => {
    const names = undeclaredVariables(checked.state, unset);
    if (isUnknown && names.length > 0) listener.missed();
    else listener.found(names.map((name) => undefinedVariable(instruction, checked.state, name)));
  });
  switch (instruction.keyword) {
    case "FROM":
      return [];
    case "RUN":
      return mountSources(facts, checked, instruction, telling);
    case "COPY":
    case "ADD":
      listener.found(checkIgnoredSources(instruction, expandCopy(instruction, telling), facts.ignore));
      return stageNumbers(facts, checked, instruction, instruction.from);
    case "WORKDIR":
      listener.found(enterDirectory(checked, instruction, telling.word(instruction.value)));
      return [];
    default: {
      const before = checked.state;
      for (const part of partsOf(instruction)) checked.state = applyConfiguration(facts, checked.state, part, telling);
      const { shell } = before.config;
      const silent = new Expander(facts.dockerfile, instruction, (name) => before.env.get(name));
      if (isUnknown && shell === undefined && isShellForm(instruction)) listener.missed();
      else listener.found(configurationFindings(checked, instruction, silent, shell));
      return [];
    }
  }
}

/** Each argument is declared for those after it. */
function partsOf(instruction: ConfigurationInstruction): ConfigurationInstruction[] {
  if (instruction.keyword !== "ARG") return [instruction];
  return instruction.args.map((arg) => ({ ...instruction, args: [arg] }));
}

function isShellForm(instruction: Instruction): boolean {
  return (instruction.keyword === "CMD" || instruction.keyword === "ENTRYPOINT") && instruction.command.shell;
}

function configurationFindings(
  checked: CheckedStage,
  instruction: ConfigurationInstruction,
  expander: Expander,
  shell: readonly string[] | undefined,
): Finding[] {
  switch (instruction.keyword) {
    case "ENV": {
      const names = instruction.pairs.map(({ name }) => expander.word(name));
      return [...checkKeyValueFormat(instruction), ...checkSecrets(instruction, names)];
    }
    case "LABEL":
      return checkKeyValueFormat(instruction);
    case "ARG":
      return checkSecrets(
        instruction,
        instruction.args.map(({ name }) => name),
      );
    case "CMD":
    case "ENTRYPOINT":
      return [...checkOnlyOne(checked, instruction), ...checkCommandForm(instruction, shell)];
    case "HEALTHCHECK":
      return checkOnlyOne(checked, instruction);
    case "EXPOSE":
      return checkExposedPorts(
        instruction,
        [...instruction.words].sort().flatMap((word) => expander.words(word)),
      );
    default:
      return [];
  }
}

/** MultipleInstructionsDisallowed: told of the one that has no effect. */
function checkOnlyOne({ last }: CheckedStage, instruction: Instruction): Finding[] {
  const { keyword, written, comments, line, endLine } = instruction;
  const before = last.get(keyword);
  last.set(keyword, { line, endLine });
  const message = `Multiple ${written} instructions should not be used in the same stage because only the last one will be used`;
  return before ? [at({ ...before, comments }, "MultipleInstructionsDisallowed", message)] : [];
}

/** WorkdirRelativePath: only the first one of a Dockerfile's line of stages. */
function enterDirectory(checked: CheckedStage, instruction: InstructionOf<"WORKDIR">, directory: string): Finding[] {
  const { state, workdirIsSet } = checked;
  checked.state = { ...state, config: { ...state.config, workingDir: resolveWorkdir(state.config.workingDir, directory) } };
  checked.workdirIsSet = true;
  if (workdirIsSet || directory.startsWith("/")) return [];
  const message = `Relative workdir ${quoted(directory)} can have unexpected results if the base image changes`;
  return [at(instruction, "WorkdirRelativePath", message)];
}

/** Every word that a build would expand. @returns the sources */
function expandCopy(instruction: CopyInstruction, expander: Expander): string[] {
  expander.optional(instruction.chown);
  expander.optional(instruction.chmod);
  expander.optional(instruction.checksum);
  const sources = instruction.sources.map((source) => expander.word(source));
  expander.word(instruction.destination);
  for (const heredoc of instruction.heredocs) expander.heredoc(heredoc);
  return sources;
}

function mountSources(facts: LintFacts, checked: CheckedStage, instruction: InstructionOf<"RUN">, expander: Expander): number[] {
  const mounts = parseMounts(facts.dockerfile, checked.state, instruction, expander);
  return mounts.flatMap((mount) => ("from" in mount ? stageNumbers(facts, checked, instruction, mount.from) : []));
}

function stageNumbers(
  facts: LintFacts,
  { stage }: CheckedStage,
  instruction: InstructionOf<"COPY" | "ADD"> | InstructionOf<"RUN">,
  from: string | undefined,
): number[] {
  const source = from === undefined ? undefined : sourceOf(facts, stage, instruction, from);
  return source?.kind === "stage" ? [source.index] : [];
}
