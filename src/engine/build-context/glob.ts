/** Patterns of file names: Go's filepath.Match, which COPY and ADD take, and the patterns of ignore files, which add `**`. */

/** True where a path of COPY or ADD is a pattern. */
export function hasWildcard(path: string): boolean {
  return /(?<!\\)[*?[]/.test(path);
}

/** filepath.Match as a regular expression; undefined for a pattern that is malformed. `*` and `?` don't match a slash. */
export function matchExpression(pattern: string): RegExp | undefined {
  return compile(pattern, false);
}

/** A pattern of an ignore file: `**` matches any number of directories (moby/patternmatcher). */
export function ignoreExpression(pattern: string): RegExp | undefined {
  return compile(pattern, true);
}

function compile(pattern: string, doubleStar: boolean): RegExp | undefined {
  const characters = [...pattern];
  let expression = "";
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*" && doubleStar && characters[at + 1] === "*") {
      at++;
      if (characters[at + 1] === "/") at++;
      expression += at + 1 >= characters.length ? ".*" : "(?:.*/)?";
    } else if (character === "*") {
      expression += "[^/]*";
    } else if (character === "?") {
      expression += "[^/]";
    } else if (character === "\\") {
      const next = characters[++at];
      if (next === undefined) return undefined;
      expression += quote(next);
    } else if (character === "[") {
      const set = readSet(characters, at);
      if (!set) return undefined;
      expression += set.expression;
      at = set.end;
    } else {
      expression += quote(character);
    }
  }
  try {
    return new RegExp(`^${expression}$`, "su");
  } catch {
    return undefined;
  }
}

function readSet(characters: readonly string[], start: number): { expression: string; end: number } | undefined {
  let at = start + 1;
  const negated = characters[at] === "^";
  if (negated) at++;
  let content = "";
  for (; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "]" && content !== "") return { expression: `[${negated ? "^/" : ""}${content}]`, end: at };
    if (character === "\\") {
      const next = characters[++at];
      if (next === undefined) return undefined;
      content += quoteInSet(next);
    } else if (character === "-" && content !== "" && characters[at + 1] !== "]") {
      content += "-";
    } else {
      content += quoteInSet(character);
    }
  }
  return undefined;
}

function quote(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function quoteInSet(character: string): string {
  return /[\\\]^\-[]/.test(character) ? `\\${character}` : character;
}
