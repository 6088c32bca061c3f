/**
 * Variables, quotes and escapes in a word of a Dockerfile: the subset of the shell's language that the reference names under
 * "Environment replacement", with the corners of BuildKit's lexer.
 */

/** Undefined for a variable that is not set. */
export type Lookup = (name: string) => string | undefined;

export interface ExpandOptions {
  /** The file's escape character. */
  readonly escapeCharacter: string;
  /** Keep quotes, escapes and unset variables as they are written: for finding words, not for their values. */
  readonly raw?: boolean | undefined;
  /** Quotes are ordinary characters: in the contents of here-documents. */
  readonly keepQuotes?: boolean | undefined;
  /** Told of every variable that is read, and whether it is set: also where a modifier provides for that. */
  readonly seen?: ((name: string, isSet: boolean) => void) | undefined;
}

/** What is wrong with a word; the caller knows where it stands. */
export class ExpansionError extends Error {}

/** The word's value, as one string. @throws ExpansionError */
export function expandWord(word: string, lookup: Lookup, options: ExpandOptions): string {
  return new Lexer(word, lookup, options).until(undefined, false).text;
}

/** The word's value, split where white space is not quoted: also that which variables bring. @throws ExpansionError */
export function expandWords(word: string, lookup: Lookup, options: ExpandOptions): string[] {
  return new Lexer(word, lookup, options).until(undefined, false).words;
}

class Words {
  readonly #done: string[] = [];
  #current = "";
  #open = false;

  split(text: string): void {
    for (const character of text) {
      if (/\s/.test(character)) this.#close();
      else this.append(character);
    }
  }

  append(text: string): void {
    this.#current += text;
    this.#open = true;
  }

  end(): string[] {
    this.#close();
    return this.#done;
  }

  #close(): void {
    if (this.#open && this.#current !== "") this.#done.push(this.#current);
    this.#current = "";
    this.#open = false;
  }
}

class Lexer {
  readonly #text: readonly string[];
  readonly #lookup: Lookup;
  readonly #options: ExpandOptions;
  #at = 0;

  constructor(word: string, lookup: Lookup, options: ExpandOptions) {
    this.#text = [...word];
    this.#lookup = lookup;
    this.#options = options;
  }

  /** Up to `stop`, or the end where that is undefined. */
  until(stop: string | undefined, rawEscapes: boolean): { text: string; words: string[] } {
    const { escapeCharacter, raw = false, keepQuotes = false } = this.#options;
    const words = new Words();
    let text = "";
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!;
      if (character === stop) {
        this.#at++;
        return { text, words: words.end() };
      }
      if (character === "$") {
        const value = this.#dollar();
        text += value;
        words.split(value);
      } else if (!keepQuotes && (character === "'" || character === '"')) {
        const value = character === "'" ? this.#singleQuoted() : this.#doubleQuoted();
        text += value;
        words.append(value);
      } else {
        this.#at++;
        if (character !== escapeCharacter) {
          text += character;
          words.split(character);
          continue;
        }
        const next = this.#text[this.#at++] ?? "";
        const value = raw || rawEscapes ? character + next : next;
        text += value;
        words.append(value);
      }
    }
    if (stop !== undefined) throw new ExpansionError(`unexpected end of statement while looking for matching ${stop}`);
    return { text, words: words.end() };
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end === -1) throw new ExpansionError("unexpected end of statement while looking for matching single-quote");
    const content = this.#text.slice(this.#at + 1, end).join("");
    this.#at = end + 1;
    return this.#options.raw ? `'${content}'` : content;
  }

  #doubleQuoted(): string {
    const { escapeCharacter, raw = false } = this.#options;
    let text = raw ? '"' : "";
    for (this.#at++; this.#at < this.#text.length; ) {
      const character = this.#text[this.#at]!;
      if (character === '"') {
        this.#at++;
        return raw ? `${text}"` : text;
      }
      if (character === "$") {
        text += this.#dollar();
        continue;
      }
      this.#at++;
      const next = this.#text[this.#at];
      if (character === escapeCharacter && next !== undefined && ['"', "$", escapeCharacter].includes(next)) {
        text += raw ? character + next : next;
        this.#at++;
      } else {
        text += character;
      }
    }
    throw new ExpansionError("unexpected end of statement while looking for matching double-quote");
  }

  #dollar(): string {
    this.#at++;
    if (this.#text[this.#at] !== "{") {
      const name = this.#name();
      return name === "" ? "$" : this.#value(name, `$${name}`);
    }
    this.#at++;
    const first = this.#text[this.#at];
    if (first === undefined) throw new ExpansionError("syntax error: missing '}'");
    if (["{", "}", ":"].includes(first)) throw new ExpansionError("syntax error: bad substitution");
    const name = this.#name();
    const operator = this.#text[this.#at++];
    if (operator === "}") return this.#value(name, `\${${name}}`);
    if (operator === undefined) throw new ExpansionError("syntax error: missing '}'");
    return this.#modified(name, operator);
  }

  #modified(name: string, operator: string): string {
    const emptyIsUnset = operator === ":";
    const modifier = emptyIsUnset ? (this.#text[this.#at++] ?? "") : operator;
    if (modifier === "/" && !emptyIsUnset) return this.#replaced(name);
    if (!"+-?#%".includes(modifier) || modifier === "") {
      throw new ExpansionError(`unsupported modifier (${emptyIsUnset ? ":" : ""}${modifier}) in substitution`);
    }
    const word = this.#closed(() => this.until("}", modifier === "#" || modifier === "%").text);
    if (this.#options.raw) return `\${${name}${emptyIsUnset ? ":" : ""}${modifier}${word}}`;
    const value = this.#read(name);
    const missing = value === undefined || (emptyIsUnset && value === "");
    if (modifier === "-") return missing ? word : value;
    if (modifier === "+") return missing ? "" : word;
    if (modifier === "?") {
      if (!missing) return value;
      throw new ExpansionError(`${name}: ${word || (value === undefined ? "is not allowed to be unset" : "is not allowed to be empty")}`);
    }
    const longest = word.startsWith(modifier);
    const pattern = globExpression(longest ? word.slice(1) : word);
    return modifier === "#" ? withoutPrefix(value ?? "", pattern, longest) : withoutSuffix(value ?? "", pattern, longest);
  }

  #replaced(name: string): string {
    const all = this.#text[this.#at] === "/";
    if (all) this.#at++;
    const pattern = this.#closed(() => this.until("/", true).text);
    const replacement = this.#closed(() => this.until("}", true).text);
    if (this.#options.raw) return `\${${name}${all ? "//" : "/"}${pattern}/${replacement}}`;
    const value = this.#value(name, "");
    return value.replace(new RegExp(globExpression(pattern), all ? "gsu" : "su"), () => replacement);
  }

  #closed<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof ExpansionError && this.#at >= this.#text.length) throw new ExpansionError("syntax error: missing '}'");
      throw error;
    }
  }

  #value(name: string, written: string): string {
    return this.#options.raw ? written : (this.#read(name) ?? "");
  }

  #read(name: string): string | undefined {
    const value = this.#lookup(name);
    this.#options.seen?.(name, value !== undefined);
    return value;
  }

  /** Letters, digits and underscores; or digits alone; or one of the shell's special parameters. */
  #name(): string {
    const rest = this.#text.slice(this.#at).join("");
    const name = /^(?:\d+|[@*#?\-$!0]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest)?.[0] ?? "";
    this.#at += [...name].length;
    return name;
  }
}

/** `*` and `?` as in the shell; a backslash takes the next character as it is. */
function globExpression(pattern: string): string {
  let expression = "";
  const characters = [...pattern];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!;
    if (character === "*") expression += ".*";
    else if (character === "?") expression += ".";
    else
      expression += (character === "\\" && index + 1 < characters.length ? characters[++index]! : character).replace(
        /[\\^$.*+?()[\]{}|/]/g,
        "\\$&",
      );
  }
  return expression;
}

function withoutPrefix(value: string, pattern: string, longest: boolean): string {
  const whole = new RegExp(`^(?:${pattern})$`, "su");
  const ends = lengthsOf(value);
  const end = (longest ? ends.reverse() : ends).find((length) => whole.test(value.slice(0, length)));
  return end === undefined ? value : value.slice(end);
}

function withoutSuffix(value: string, pattern: string, longest: boolean): string {
  const whole = new RegExp(`^(?:${pattern})$`, "su");
  const starts = lengthsOf(value);
  const start = (longest ? starts : starts.reverse()).find((length) => whole.test(value.slice(length)));
  return start === undefined ? value : value.slice(0, start);
}

/** 0, 1, ... up to the length. */
function lengthsOf(value: string): number[] {
  return Array.from({ length: value.length + 1 }, (_, index) => index);
}
