/** Instructions that change an image's configuration and nothing else, applied. Pure; RUN, COPY, ADD and WORKDIR are for builders. */

import { signalNumber } from "../spec/signals.js";
import { dockerfileError } from "./dockerfile-error.js";
import type { Expander } from "./expand-instruction.js";
import { parseExposedPorts } from "./exposed-ports.js";
import type { ImageState } from "./image-state.js";
import * as image from "./image-state.js";
import type { Instruction, InstructionOf } from "./instructions.js";
import type { Dockerfile } from "./parse-dockerfile.js";

export type ConfigurationInstruction = Exclude<Instruction, InstructionOf<"FROM" | "RUN" | "COPY" | "ADD" | "WORKDIR">>;

/** What arguments are set to from outside of the stage. */
export interface OuterArguments {
  readonly dockerfile: Dockerfile;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Values of ARG before the first FROM, and of the platforms. */
  readonly globalArgs: ReadonlyMap<string, string>;
}

/** Arguments of the builder itself that no command sees. */
export const HIDDEN_ARGS: readonly string[] = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"];

/** @throws DOCKERFILE_INVALID */
export function applyConfiguration(
  outer: OuterArguments,
  state: ImageState,
  instruction: ConfigurationInstruction,
  expander: Expander,
): ImageState {
  switch (instruction.keyword) {
    case "ENV":
    case "LABEL": {
      const pairs = instruction.pairs.map(({ name, value }) => ({ name: expander.word(name), value: expander.word(value) }));
      return instruction.keyword === "ENV" ? image.withEnv(state, pairs) : image.withLabels(state, pairs);
    }
    case "ARG":
      return image.withArgs(state, argumentsOf(outer, instruction, expander));
    case "CMD":
    case "ENTRYPOINT": {
      const { shell, words } = instruction.command;
      const line = shell ? image.shellWords(state.config, words) : words;
      return instruction.keyword === "CMD" ? image.withCommand(state, line) : image.withEntrypoint(state, line);
    }
    case "SHELL":
      return image.withShell(state, instruction.shell);
    case "EXPOSE": {
      const words = instruction.words.flatMap((word) => expander.words(word));
      return image.withPorts(state, parseExposedPorts(outer.dockerfile, instruction, words));
    }
    case "VOLUME":
      return image.withVolumes(
        state,
        instruction.words.map((word) => expander.word(word)),
      );
    case "USER":
      return image.withUser(state, expander.word(instruction.value));
    case "STOPSIGNAL":
      return image.withStopSignal(state, stopSignal(outer, instruction, expander.word(instruction.value)));
    case "MAINTAINER":
      return image.withMaintainer(state, instruction.value);
    case "HEALTHCHECK": {
      const { test, intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = instruction;
      return image.withHealthcheck(state, { test, intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries });
    }
    case "ONBUILD":
      return image.withTrigger(state, instruction.expression);
  }
}

/** A build argument given wins over the default; without either, a global one of that name. Each sees those before it. */
function argumentsOf({ buildArgs, globalArgs }: OuterArguments, instruction: InstructionOf<"ARG">, expander: Expander) {
  const before = new Map<string, string>();
  const knowing = expander.with(before);
  return instruction.args.map((arg) => {
    const { name } = arg;
    const value = buildArgs[name] ?? (arg.value === undefined ? globalArgs.get(name) : knowing.word(arg.value));
    const visible = !HIDDEN_ARGS.includes(name);
    if (value !== undefined && visible) before.set(name, value);
    return { name, value, visible };
  });
}

function stopSignal({ dockerfile: { file } }: OuterArguments, instruction: InstructionOf<"STOPSIGNAL">, signal: string): string {
  try {
    signalNumber(/^\d+$/.test(signal) ? Number(signal) : signal);
    return signal;
  } catch (cause) {
    throw dockerfileError({ file, line: instruction.line }, `invalid signal: ${signal}`, { source: instruction.original, cause });
  }
}
