/** CopyIgnoredFile: sources that the ignore file leaves out of the context. */
import path from "node:path";
import type { IgnoreFile } from "../../build-context/ignore-file.js";
import { isRemote } from "../../build-context/remote-source.js";
import type { InstructionOf } from "../instructions.js";
import { at, type Finding, quoted } from "./finding.js";

/** @param sources expanded. Patterns that take files in again are too much for a check that looks at names alone. */
export function checkIgnoredSources(instruction: InstructionOf<"COPY" | "ADD">, sources: readonly string[], ignore: IgnoreFile): Finding[] {
  if (ignore.isEmpty || ignore.hasExceptions || instruction.from !== undefined) return [];
  const verb = instruction.keyword === "ADD" ? "Add" : "Copy";
  return sources
    .filter((source) => !isRemote(source))
    .map((source) => path.posix.normalize(source).replace(/(?<=.)\/$/, ""))
    .filter((source) => (source === "." || source === "/" ? ignore.ignoresAll : ignore.ignores(source)))
    .map((source) => at(instruction, "CopyIgnoredFile", `Attempting to ${verb} file ${quoted(source)} that is excluded by .dockerignore`));
}
