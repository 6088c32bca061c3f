/** EXPOSE: `80`, `53/udp`, `8000-8010/tcp`, to `port/protocol` each. */
import { dockerfileError } from "./dockerfile/dockerfile-error.js";
import type { InstructionOf } from "./dockerfile/instructions.js";
import type { Dockerfile } from "./dockerfile/parse-dockerfile.js";

/** @throws DOCKERFILE_INVALID */
export function parseExposedPorts({ file }: Dockerfile, instruction: InstructionOf<"EXPOSE">, words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const [, first = "", last = first, protocol = "tcp"] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(word) ?? [];
    const [low, high] = [Number(first), Number(last)];
    if (first === "" || low > high || high > 65_535 || !["tcp", "udp", "sctp"].includes(protocol.toLowerCase())) {
      throw dockerfileError({ file, line: instruction.line }, `invalid containerPort: ${word}`, {
        source: instruction.original,
        expected: "a port or a range of ports, with /tcp, /udp or /sctp",
      });
    }
    return Array.from({ length: high - low + 1 }, (_, index) => `${low + index}/${protocol.toLowerCase()}`);
  });
}
