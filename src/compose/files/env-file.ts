/**
 * Files with environment variables, in the notation of docker's Compose: `.env`, `--env-file` and `env_file`. `NAME=value` or `NAME: value`,
 * `export` before it, single quotes (as they are), double quotes (escapes and variables), comments, values over several lines in quotes, and
 * a name alone, which takes the value of the surroundings. Pure.
 */
import { InterpolationError, interpolate, type Lookup } from "./interpolate.js";

export class EnvFileError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$$" };
const STATEMENT = /(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:([=:])[ \t]*|(?=\r?\n|$))/y;

/**
 * @param lookup the surroundings: they win in variables that a value names, as docker has it
 * @throws EnvFileError
 */
export function parseEnvFile(text: string, lookup: Lookup): Record<string, string> {
  const values: Record<string, string> = {};
  const known: Lookup = (name) => lookup(name) ?? values[name];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
  for (;;) {
    at = skipBlank(text, at);
    if (at >= text.length) return values;
    STATEMENT.lastIndex = at;
    const match = STATEMENT.exec(text);
    if (!match) throw new EnvFileError(lineAt(at), `expected NAME=VALUE, not ${JSON.stringify(restOfLine(text, at))}`);
    const [whole, name = "", separator] = match;
    const begin = at + whole.length;
    if (separator === undefined) {
      const value = lookup(name);
      if (value !== undefined) values[name] = value;
      at = begin;
      continue;
    }
    try {
      const { value, end } = readValue(text, begin, known);
      values[name] = value;
      at = end;
    } catch (error) {
      if (error instanceof InterpolationError) throw new EnvFileError(lineAt(at), error.message);
      throw error;
    }
  }

  function readValue(source: string, from: number, find: Lookup): { readonly value: string; readonly end: number } {
    const quote = source[from];
    if (quote !== '"' && quote !== "'") {
      const line = restOfLine(source, from);
      const bare = line.replace(/(?:^|[ \t])#.*$/, "").trimEnd();
      return { value: interpolate(bare, find), end: from + line.length };
    }
    let end = from + 1;
    while (end < source.length && source[end] !== quote) end += source[end] === "\\" ? 2 : 1;
    if (end >= source.length) throw new EnvFileError(lineAt(from), `the quote ${quote} is not closed`);
    const rest = restOfLine(source, end + 1);
    if (!/^[ \t]*(?:#.*)?$/.test(rest)) throw new EnvFileError(lineAt(end), `${JSON.stringify(rest.trim())} follows the closing quote`);
    const inside = source.slice(from + 1, end);
    const value = quote === "'" ? inside.replaceAll("\\'", "'") : interpolate(unescaped(inside), find);
    return { value, end: end + 1 + rest.length };
  }
}

/** An escaped dollar sign is doubled, so that it begins no variable. */
function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (whole, char: string) => ESCAPES[char] ?? whole);
}

function skipBlank(text: string, from: number): number {
  const [skipped = ""] = /^(?:\s+|#[^\n]*)*/.exec(text.slice(from)) ?? [];
  return from + skipped.length;
}

function restOfLine(text: string, from: number): string {
  return /^[^\r\n]*/.exec(text.slice(from))?.[0] ?? "";
}
