/** Asking before something is lost, as docker's prune commands do. */
import { createInterface } from "node:readline";
import type { Terminal } from "./terminal.js";

/** @returns whether `y` was the answer; the end of the input is a no */
export async function confirm({ stdin, stderr }: Terminal, losing: readonly string[]): Promise<boolean> {
  stderr.write(`This will remove:\n${losing.map((line) => `  - ${line}\n`).join("")}Go on? [y/N] `);
  const lines = createInterface({ input: stdin });
  try {
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}
