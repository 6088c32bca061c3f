/** EXPOSE: `80`, `53/udp`, `8000-8010/tcp`, to `port/protocol` each. An address and a host's port in front mean nothing, and are let by. */
import { isIP } from "node:net";
import { dockerfileError } from "./dockerfile-error.js";
import type { InstructionOf } from "./instructions.js";
import type { Dockerfile } from "./parse-dockerfile.js";

export interface PortWord {
  readonly address: string;
  readonly host: string;
  readonly container: string;
  /** As it is written; "" where it is not. */
  readonly protocol: string;
}

/** `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]` */
export function splitPortWord(word: string): PortWord {
  const parts = word.split(":");
  const [, container = "", protocol = ""] = /^([^/]*)\/?(.*)$/s.exec(parts.at(-1)!) ?? [];
  return { address: parts.slice(0, -2).join(":"), host: parts.at(-2) ?? "", container, protocol };
}

/** @throws DOCKERFILE_INVALID */
export function parseExposedPorts({ file }: Dockerfile, instruction: InstructionOf<"EXPOSE">, words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const { address, host, container, protocol } = splitPortWord(word);
    const range = portRange(container);
    const hostRange = host === "" ? range : portRange(host);
    const known = ["", "tcp", "udp", "sctp"].includes(protocol.toLowerCase());
    const fits = range && hostRange && (range.length === 1 || hostRange.length === range.length);
    if (!fits || !known || (address !== "" && isIP(address.replace(/^\[(.*)\]$/, "$1")) === 0)) {
      throw dockerfileError({ file, line: instruction.line }, `invalid containerPort: ${word}`, {
        source: instruction.original,
        expected: "a port or a range of ports, with /tcp, /udp or /sctp",
      });
    }
    return range.map((port) => `${port}/${protocol.toLowerCase() || "tcp"}`);
  });
}

function portRange(text: string): readonly number[] | undefined {
  const [, first = "", last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const [low, high] = [Number(first), Number(last)];
  if (first === "" || low > high || high > 65_535) return undefined;
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}
