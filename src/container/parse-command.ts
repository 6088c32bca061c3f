/** A command line as a person types it, to an argument vector: quotes and backslashes as in POSIX sh, nothing that needs a shell. */
import { optionError } from "../engine/errors.js";

/** @throws OPTION_INVALID for an open quote, and for operators and expansions that only a shell could carry out */
export function parseCommand(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < line.length; index++) {
    const char = line[index]!;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') {
      const { text, end } = quoted(line, index);
      word = (word ?? "") + text;
      index = end;
    } else if (char === "\\") {
      if (++index === line.length) throw invalid(line, "it ends with a backslash");
      word = (word ?? "") + line[index];
    } else if (/[|&;<>()$`]/.test(char)) {
      throw invalid(line, `"${char}" needs a shell`);
    } else {
      word = (word ?? "") + char;
    }
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw invalid(line, "it is empty");
  return words;
}

function quoted(line: string, start: number): { text: string; end: number } {
  const quote = line[start]!;
  let text = "";
  for (let index = start + 1; index < line.length; index++) {
    const char = line[index]!;
    if (char === quote) return { text, end: index };
    if (quote === '"' && char === "\\" && /["\\$`]/.test(line[index + 1] ?? "")) {
      text += line[++index];
    } else if (quote === '"' && /[$`]/.test(char)) {
      throw invalid(line, `"${char}" within double quotes needs a shell`);
    } else {
      text += char;
    }
  }
  throw invalid(line, `a ${quote === "'" ? "single" : "double"} quote is not closed`);
}

function invalid(line: string, problem: string) {
  return optionError("command", line, `a command without a shell's syntax (${problem}); for a shell, pass ["sh", "-c", line]`);
}
