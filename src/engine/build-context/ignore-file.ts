/** .dockerignore: which files of a context are not part of it. Rules of the reference's ".dockerignore files" and moby/patternmatcher. */
import path from "node:path";
import { optionError } from "../errors.js";
import { ignoreExpression } from "./glob.js";

interface Pattern {
  readonly negated: boolean;
  /** Clean, without the `!`. */
  readonly text: string;
  readonly expression: RegExp;
}

/** What a path's parent matched, one for each pattern: a match of a directory is one of everything in it. */
export type Matches = readonly boolean[];

export class IgnoreFile {
  readonly #patterns: readonly Pattern[];
  /** Something is taken in again: then a directory that is ignored must be looked into. */
  readonly hasExceptions: boolean;

  private constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
    this.hasExceptions = patterns.some(({ negated }) => negated);
  }

  /** @param file its name, for messages. @throws OPTION_INVALID for a malformed pattern */
  static parse(text: string, file = ".dockerignore"): IgnoreFile {
    const lines = text
      .replace(/^\uFEFF/, "")
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.trim())
      .filter((line) => line !== "");
    return new IgnoreFile(lines.map((line) => parsePattern(line, file)));
  }

  /** A pattern for everything at the top. */
  get ignoresAll(): boolean {
    return this.#patterns.some(({ negated, text }) => !negated && ["*", "**", "**/*"].includes(text));
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** @param parent what the path's directory matched; undefined at the top. */
  match(relativePath: string, parent: Matches | undefined): { readonly ignored: boolean; readonly matches: Matches } {
    let ignored = false;
    const matches = this.#patterns.map(({ negated, expression }, index) => {
      const hit = parent?.[index] === true || expression.test(relativePath);
      if (hit) ignored = !negated;
      return hit;
    });
    return { ignored, matches };
  }

  /** A path by itself: its directories are looked at too. */
  ignores(relativePath: string): boolean {
    const parts = relativePath.split("/");
    let result: { ignored: boolean; matches: Matches } = { ignored: false, matches: [] };
    for (let count = 1; count <= parts.length; count++) {
      result = this.match(parts.slice(0, count).join("/"), count === 1 ? undefined : result.matches);
    }
    return result.ignored;
  }
}

function parsePattern(line: string, file: string): Pattern {
  const negated = line.startsWith("!");
  const written = negated ? line.slice(1).trim() : line;
  const clean = path.posix.normalize(written).replace(/(?<=.)\/+$/, "");
  const pattern = clean.length > 1 && clean.startsWith("/") ? clean.slice(1) : clean;
  const expression = written === "" ? undefined : ignoreExpression(pattern);
  if (!expression) throw optionError(file, line, "a pattern as of filepath.Match, with `**`");
  return { negated, text: pattern, expression };
}
