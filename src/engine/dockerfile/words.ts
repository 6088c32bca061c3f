/** How instructions cut their arguments: flags first, then JSON, words, or names with values. Reference, "Format" and each instruction. */

/** `[--flag[=value]...] rest`; quotes and escapes in flags are taken away. A lone `--` ends them. */
export function splitFlags(text: string, escapeCharacter: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith("--")) {
    const { word, length } = flagWord(rest, escapeCharacter);
    rest = rest.slice(length).trimStart();
    if (word === "--") return { flags, rest };
    flags.push(word);
  }
  return { flags, rest };
}

function flagWord(text: string, escapeCharacter: string): { word: string; length: number } {
  let word = "";
  let quote: string | undefined;
  let at = 0;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (quote === undefined && /\s/.test(character)) break;
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (character === escapeCharacter && quote !== "'" && at + 1 < text.length) word += text[++at];
    else word += character;
  }
  return { word, length: at };
}

/** Undefined when it is no JSON array, and then it is the shell form; "not-strings" for an array of anything else. */
export function jsonStrings(text: string): readonly string[] | "not-strings" | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const list: unknown = JSON.parse(text.slice(0, endOfArray(text)));
    if (!Array.isArray(list)) return undefined;
    return list.every((item) => typeof item === "string") ? list : "not-strings";
  } catch {
    return undefined;
  }
}

/** Of the array that a text begins with; what comes after it counts for nothing, as in BuildKit. */
function endOfArray(text: string): number {
  const strings = text.replace(/"(?:[^"\\]|\\.)*"/g, (string) => '"'.repeat(string.length));
  let depth = 0;
  for (let at = 0; at < strings.length; at++) {
    if (strings[at] === "[") depth++;
    if (strings[at] === "]" && --depth === 0) return at + 1;
  }
  return text.length;
}

/** Cut at white space, quotes unseen: COPY, ADD, VOLUME, EXPOSE. */
export function plainWords(text: string): string[] {
  return text.split(/[\t\v\f\r\n ]+/).filter(Boolean);
}

/** Cut at white space that is not quoted; quotes and escapes stay, since expansion takes them away: ENV, LABEL, ARG. */
export function quotedWords(text: string, escapeCharacter: string): string[] {
  const words: string[] = [];
  let word = "";
  let quote: string | undefined;
  let quotedOnce = false;
  const end = (): void => {
    if (word !== "" || quotedOnce) words.push(word);
    word = "";
    quotedOnce = false;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === undefined && /\s/.test(character)) {
      end();
      continue;
    }
    if (character === escapeCharacter && quote !== "'") {
      if (at + 1 === text.length) break; // an escape at the end of the line says nothing
      word += character + text[++at]!;
      continue;
    }
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      quotedOnce = true;
    }
    word += character;
  }
  end();
  return words;
}

export interface NameValue {
  readonly name: string;
  /** Not expanded yet. */
  readonly value: string;
  /** `ENV NAME value`: the legacy form, without `=`. */
  readonly legacy: boolean;
}

/** @returns what is wrong, as text, where it is not a list of names with values */
export function nameValues(keyword: string, text: string, escapeCharacter: string): readonly NameValue[] | string {
  const words = quotedWords(text, escapeCharacter);
  const [first] = words;
  if (first === undefined) return `${keyword} requires at least one argument`;
  if (!first.includes("=")) {
    const [, name = "", value] = /^(\S+)\s+(.*)$/s.exec(text.trim()) ?? [];
    if (value === undefined) return `${keyword} must have two arguments`;
    return [{ name, value, legacy: true }];
  }
  const pairs: NameValue[] = [];
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals === -1) return `can't find = in ${JSON.stringify(word)}: must be of the form name=value`;
    if (equals === 0) return `${keyword} names can not be blank`;
    pairs.push({ name: word.slice(0, equals), value: word.slice(equals + 1), legacy: false });
  }
  return pairs;
}
