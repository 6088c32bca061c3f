/**
 * What FROM makes of arguments: UndefinedArgInFrom, InvalidDefaultArgInFrom, RedundantTargetPlatform and
 * FromPlatformFlagConstDisallowed. Every stage is looked at, needed or not.
 */

import { isCaissonError } from "../../errors.js";
import { parsePlatform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import { nearestName } from "../dockerfile-error.js";
import { Expander, type SeenVariables } from "../expand-instruction.js";
import { globalArguments } from "../global-arguments.js";
import type { InstructionOf } from "../instructions.js";
import type { Stage } from "../parse-dockerfile.js";
import { at, type Finding, inFile, quoted } from "./finding.js";
import type { LintFacts } from "./lint-facts.js";

type From = InstructionOf<"FROM">;

export function checkDefaultImages({ dockerfile, platformArgs, buildArgs }: LintFacts): Finding[] {
  const given = Object.fromEntries(Object.entries(platformArgs).map(([name, value]) => [name, buildArgs[name] ?? value]));
  return quietly(() => {
    const defaults = globalArguments(dockerfile, given, {});
    return dockerfile.stages.flatMap(({ from }) => {
      const image = new Expander(dockerfile, from, (name) => defaults.get(name)).word(from.image);
      const message = `Default value for ARG ${from.image} results in empty or invalid base image name`;
      return isReference(image) ? [] : [inFile(from, "InvalidDefaultArgInFrom", message)];
    });
  });
}

function isReference(image: string): boolean {
  try {
    parseReference(image);
    return true;
  } catch (error) {
    if (isCaissonError(error, "IMAGE_REFERENCE_INVALID")) return false;
    throw error;
  }
}

export function checkFromArguments(facts: LintFacts): Finding[] {
  return facts.dockerfile.stages.flatMap((stage) => quietly(() => checkStage(facts, stage)));
}

function checkStage({ dockerfile, globalArgs }: LintFacts, { from }: Stage): Finding[] {
  const declared = dockerfile.globalArgs.flatMap(({ args }) => args.map(({ name }) => name));
  const known = [...new Set([...declared, ...globalArgs.keys()])];
  const expanded = (word: string): { value: string; seen: SeenVariables } => {
    let seen: SeenVariables = { set: new Set(), unset: new Set() };
    const expander = new Expander(
      dockerfile,
      from,
      (name) => globalArgs.get(name),
      (variables) => {
        seen = variables;
      },
    );
    return { value: expander.word(word), seen };
  };
  const undeclared = ({ unset }: SeenVariables): Finding[] =>
    [...unset].filter((name) => !known.includes(name)).map((name) => undefinedArgument(from, name, known));
  const findings = undeclared(expanded(from.image).seen);
  if (from.platform === undefined) return findings;
  const { value, seen } = expanded(from.platform);
  return [...findings, ...undeclared(seen), ...checkPlatform(from, value, seen, globalArgs.get("TARGETPLATFORM"))];
}

function undefinedArgument(from: From, name: string, known: readonly string[]): Finding {
  const nearest = nearestName(name, known, true);
  return at(from, "UndefinedArgInFrom", `FROM argument '${name}' is not declared${nearest ? ` (did you mean ${nearest}?)` : ""}`);
}

function checkPlatform(from: From, platform: string, { set, unset }: SeenVariables, target: string | undefined): Finding[] {
  if (set.size === 1 && unset.size === 0 && set.has("TARGETPLATFORM") && platform === target) {
    const message = `Setting platform to predefined ${from.platform} in FROM is redundant as this is the default behavior`;
    return [at(from, "RedundantTargetPlatform", message)];
  }
  if (set.size > 0 || unset.size > 0) return [];
  const { os, architecture } = parsePlatform(platform);
  // A stage that says in its name which platform it is for means it.
  if ([os, architecture].some((part) => from.name?.includes(part))) return [];
  return [at(from, "FromPlatformFlagConstDisallowed", `FROM --platform flag should not use constant value ${quoted(platform)}`)];
}

/** A word that can't be expanded, or a platform that is none, fails the build by itself. */
function quietly(check: () => Finding[]): Finding[] {
  try {
    return check();
  } catch (error) {
    if (isCaissonError(error, "DOCKERFILE_INVALID") || isCaissonError(error, "OPTION_INVALID")) return [];
    throw error;
  }
}
