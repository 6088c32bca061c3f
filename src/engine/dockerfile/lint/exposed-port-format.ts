/** ExposeProtoCasing and ExposeInvalidFormat. */

import { splitPortWord } from "../exposed-ports.js";
import type { InstructionOf } from "../instructions.js";
import { at, type Finding } from "./finding.js";

/** @param words expanded */
export function checkExposedPorts(instruction: InstructionOf<"EXPOSE">, words: readonly string[]): Finding[] {
  return words.flatMap((word) => {
    const { address, host, protocol } = splitPortWord(word);
    const findings: Finding[] = [];
    if (protocol !== protocol.toLowerCase()) {
      findings.push(at(instruction, "ExposeProtoCasing", `Defined protocol '${word}' in EXPOSE instruction should be lowercase`));
    }
    if (address !== "" || host !== "") {
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`;
      findings.push(at(instruction, "ExposeInvalidFormat", message));
    }
    return findings;
  });
}
