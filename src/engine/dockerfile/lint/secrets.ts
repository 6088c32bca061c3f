/** SecretsUsedInArgOrEnv: names that speak of a secret, which would be in the image's configuration or history. */
import type { InstructionOf } from "../instructions.js";
import { at, type Finding, quoted } from "./finding.js";

const SECRET = /(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)/i;
const HARMLESS = /(?:_|^)(?:public|file|version)(?:_|$)/i;

/** @param names expanded */
export function checkSecrets(instruction: InstructionOf<"ENV"> | InstructionOf<"ARG">, names: readonly string[]): Finding[] {
  return names
    .filter((name) => SECRET.test(name) && !HARMLESS.test(name))
    .map((name) => {
      const message = `Do not use ARG or ENV instructions for sensitive data (${instruction.keyword} ${quoted(name)})`;
      return at(instruction, "SecretsUsedInArgOrEnv", message);
    });
}
