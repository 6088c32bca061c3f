/** Values of ARG before the first FROM. */

import { Expander } from "./expand-instruction.js";
import type { Dockerfile } from "./parse-dockerfile.js";

/** Platform arguments, then those before the first FROM; given ones win. @throws DOCKERFILE_INVALID */
export function globalArguments(
  dockerfile: Dockerfile,
  platform: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): Map<string, string> {
  const known = new Map(Object.entries(platform).map(([name, value]) => [name, given[name] ?? value]));
  for (const instruction of dockerfile.globalArgs) {
    const expander = new Expander(dockerfile, instruction, (name) => known.get(name));
    for (const { name, value } of instruction.args) {
      const set = given[name] ?? (value === undefined ? undefined : expander.word(value));
      if (set !== undefined) known.set(name, set);
    }
  }
  return known;
}
