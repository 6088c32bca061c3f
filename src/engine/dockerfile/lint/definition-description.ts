/** InvalidDefinitionDescription: the comment right above a stage or an argument is its description, and begins with its name. */
import type { InstructionOf } from "../instructions.js";
import { at, type Finding } from "./finding.js";

export function checkDescription(instruction: InstructionOf<"FROM"> | InstructionOf<"ARG">): Finding[] {
  const names = instruction.keyword === "ARG" ? instruction.args.map(({ name }) => name) : [instruction.name ?? []].flat();
  const [name] = names;
  const comment = instruction.comments.at(-1);
  if (name === undefined || comment === undefined || names.includes(comment.split(" ", 1)[0]!)) return [];
  const expected = names.length > 1 ? "<arg_key>" : name;
  const message = `Comment for ${instruction.keyword} should follow the format: \`# ${expected} <description>\``;
  return [at(instruction, "InvalidDefinitionDescription", message)];
}
