/**
 * A Dockerfile as logical lines: directives read, comments dropped, continuations joined, here-documents taken out.
 * Dockerfile reference, "Format", "Parser directives", "Here-Documents"; the corners are those of BuildKit's parser.
 */
import { dockerfileError } from "./dockerfile-error.js";
import { expandWords } from "./expand.js";

export interface Directives {
  readonly escapeCharacter: "\\" | "`";
  readonly syntax?: string | undefined;
  /** `# check=`: up to the first space, which is as far as BuildKit reads it. */
  readonly check?: { readonly text: string; readonly line: number } | undefined;
}

export interface Heredoc {
  readonly name: string;
  /** As it is written. */
  readonly content: string;
  /** `<<-`: leading tabs are not part of it. */
  readonly chomp: boolean;
  /** Variables are expanded: its delimiter is not quoted. */
  readonly expand: boolean;
}

export interface LogicalLine {
  /** Continuations joined, without the here-documents' contents. */
  readonly text: string;
  readonly line: number;
  readonly endLine: number;
  readonly heredocs: readonly Heredoc[];
  /** The last line of `text`, where a continuation in it is empty: allowed, and a warning. */
  readonly emptyContinuation: number | undefined;
  /** The comments above it, back to an empty one; directives aside. */
  readonly comments: readonly string[];
}

export interface SplitDockerfile {
  readonly directives: Directives;
  readonly lines: readonly LogicalLine[];
  /** As they are written. */
  readonly source: readonly string[];
}

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const KNOWN_DIRECTIVES = ["escape", "syntax", "check"];
/** Instructions that take here-documents. */
const WITH_HEREDOC = /^\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\b/i;

/** @throws DOCKERFILE_INVALID */
export function splitLines(file: string, text: string): SplitDockerfile {
  const written = text.replace(/^\uFEFF/, "").split("\n");
  if (written.at(-1) === "") written.pop();
  const source = written.map((line) => line.replace(/\r$/, ""));
  const { directives, next } = readDirectives(file, source);
  const lines: LogicalLine[] = [];
  let comments: string[] = [];
  for (let index = next; index < source.length; ) {
    if (isComment(source[index]!)) comments = withComment(comments, source[index]!);
    const read = readLogicalLine(file, source, written, index, directives);
    if (read.line) {
      lines.push({ ...read.line, comments });
      comments = [];
    }
    index = read.next;
  }
  return { directives, lines, source };
}

/** BuildKit takes one character away, whatever it is: an indented comment keeps its `#`. */
function withComment(comments: readonly string[], line: string): string[] {
  const comment = line.slice(1).trim();
  return comment === "" ? [] : [...comments, comment];
}

/** Only at the very top, below a `#!` line: the first line that is none ends them. */
function readDirectives(file: string, source: readonly string[]): { directives: Directives; next: number } {
  const found = new Map<string, { readonly text: string; readonly line: number }>();
  let next = source[0]?.startsWith("#!") ? 1 : 0;
  for (const line of source.slice(next)) {
    const directive = parseDirective(line.trim());
    if (!directive) break;
    const { name, text } = directive;
    next++;
    if (found.has(name)) throw dockerfileError({ file, line: next }, `only one ${name} parser directive can be used`, { source: line });
    found.set(name, { text, line: next });
    if (name === "escape" && text !== "\\" && text !== "`") {
      throw dockerfileError({ file, line: next }, `invalid escape directive: ${text}`, {
        source: line,
        expected: "a backslash or a backtick",
      });
    }
  }
  const check = found.get("check");
  // BuildKit looks for this one by itself, and gives up at an indented line.
  const isHeeded = check && source.slice(0, check.line).every((line) => line.startsWith("#"));
  return {
    directives: {
      escapeCharacter: found.get("escape")?.text === "`" ? "`" : "\\",
      syntax: found.get("syntax")?.text,
      check: isHeeded ? { ...check, text: check.text.split(" ", 1)[0]! } : undefined,
    },
    next,
  };
}

/** `# name=value`, one that is known. */
export function parseDirective(line: string): { readonly name: string; readonly text: string } | undefined {
  const [, key = "", text = ""] = DIRECTIVE.exec(line) ?? [];
  const name = key.toLowerCase();
  return KNOWN_DIRECTIVES.includes(name) ? { name, text } : undefined;
}

/** @param written the lines with their carriage returns, which here-documents keep */
function readLogicalLine(
  file: string,
  source: readonly string[],
  written: readonly string[],
  start: number,
  { escapeCharacter }: Directives,
): { line: Omit<LogicalLine, "comments"> | undefined; next: number } {
  const first = source[start]!;
  let next = start + 1;
  if (isComment(first) || first.trim() === "") return { line: undefined, next };
  let { text, continues } = withoutContinuation(first.trimStart(), escapeCharacter);
  let emptyContinuation = false;
  while (continues && next < source.length) {
    const more = source[next++]!;
    if (isComment(more)) continue;
    if (more.trim() === "") {
      emptyContinuation = true;
      continue;
    }
    const part = withoutContinuation(more, escapeCharacter);
    text += part.text;
    continues = part.continues;
  }
  if (text.trim() === "") return { line: undefined, next };
  const textEnd = next;
  const heredocs: Heredoc[] = [];
  if (WITH_HEREDOC.test(text)) {
    for (const begin of heredocsOf(text, escapeCharacter)) {
      const end = heredocEnd(source, next, begin);
      if (end === -1) {
        throw dockerfileError({ file, line: start + 1 }, `unterminated heredoc: ${begin.name}`, {
          source: first,
          expected: `a line that is \`${begin.name}\``,
        });
      }
      const content = written.slice(next, end);
      heredocs.push({ ...begin, content: content.map((line) => `${line}\n`).join("") });
      next = end + 1;
    }
  }
  const line = { text, line: start + 1, endLine: next, heredocs, emptyContinuation: emptyContinuation ? textEnd : undefined };
  return { line, next };
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}

/** An escape that is the line's last character, white space after it aside, and is not itself escaped. */
function withoutContinuation(line: string, escapeCharacter: string): { text: string; continues: boolean } {
  const trimmed = line.replace(/[ \t]+$/, "");
  const continues = trimmed.endsWith(escapeCharacter) && !(trimmed.length > 1 && trimmed.at(-2) === escapeCharacter);
  return { text: continues ? trimmed.slice(0, -1) : line, continues };
}

interface HeredocBegin {
  readonly name: string;
  readonly chomp: boolean;
  readonly expand: boolean;
}

/** The `<<NAME` words of a line. */
function heredocsOf(text: string, escapeCharacter: string): HeredocBegin[] {
  if (!text.includes("<<")) return [];
  const raw = expandWords(text, () => undefined, { escapeCharacter, raw: true });
  return raw.flatMap((word) => heredocBegin(word) ?? []);
}

/** `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF`; undefined for any other word. */
export function heredocBegin(word: string): HeredocBegin | undefined {
  const [, , dash = "", rest = ""] = /^(\d*)<<(-?)([^<]+)$/.exec(word) ?? [];
  if (rest === "") return undefined;
  const [name = "", ...others] = expandWords(rest, () => undefined, { escapeCharacter: "\\" });
  if (others.length > 0 || name === "") return undefined;
  return { name, chomp: dash === "-", expand: name === rest };
}

function heredocEnd(source: readonly string[], from: number, { name, chomp }: HeredocBegin): number {
  for (let index = from; index < source.length; index++) {
    const line = source[index]!;
    if ((chomp ? line.replace(/^\t+/, "") : line) === name) return index;
  }
  return -1;
}
