/** Questions to whoever sits at the terminal. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Terminal } from "./terminal.js";

/** @returns the line, without white space around it; empty at the end of the input */
export function ask(terminal: Terminal, question: string): Promise<string> {
  return readAnswer(terminal, question, terminal.stderr);
}

/** What is typed is not shown. */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await readAnswer(terminal, question, nowhere);
  terminal.stderr.write("\n");
  return answer;
}

function readAnswer({ stdin, stderr }: Terminal, question: string, echo: Writable): Promise<string> {
  stderr.write(question);
  const lines = createInterface({ input: stdin, output: echo, terminal: stdin.isTTY ?? false });
  return new Promise((resolve) => {
    // The terminal is in raw mode meanwhile, in which the key is one like others.
    lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    lines.once("line", (line) => {
      resolve(line.trim());
      lines.close();
    });
    lines.once("close", () => resolve(""));
  });
}
