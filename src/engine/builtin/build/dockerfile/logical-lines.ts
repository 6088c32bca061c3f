/**
 * A Dockerfile as logical lines: directives read, comments dropped, continuations joined, here-documents taken out.
 * Dockerfile reference, "Format", "Parser directives", "Here-Documents"; the corners are those of BuildKit's parser.
 */
import { dockerfileError } from "./dockerfile-error.js";
import { expandWords } from "./expand.js";

export interface Directives {
  readonly escapeCharacter: "\\" | "`";
  readonly syntax?: string | undefined;
  /** Value of `# check=`. */
  readonly check?: string | undefined;
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
  /** A continuation that is empty: allowed, and a lint warning. */
  readonly emptyContinuation: number | undefined;
}

export interface SplitDockerfile {
  readonly directives: Directives;
  readonly lines: readonly LogicalLine[];
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
  for (let index = next; index < source.length; ) {
    const read = readLogicalLine(file, source, written, index, directives);
    if (read.line) lines.push(read.line);
    index = read.next;
  }
  return { directives, lines };
}

/** Only at the very top: the first line that is none ends them. */
function readDirectives(file: string, source: readonly string[]): { directives: Directives; next: number } {
  const found = new Map<string, string>();
  let next = 0;
  for (const line of source) {
    const [, key = "", value = ""] = DIRECTIVE.exec(line.trim()) ?? [];
    const name = key.toLowerCase();
    if (!KNOWN_DIRECTIVES.includes(name)) break;
    if (found.has(name)) throw dockerfileError({ file, line: next + 1 }, `only one ${name} parser directive can be used`, { source: line });
    found.set(name, value);
    next++;
    if (name === "escape" && value !== "\\" && value !== "`") {
      throw dockerfileError({ file, line: next }, `invalid escape directive: ${value}`, {
        source: line,
        expected: "a backslash or a backtick",
      });
    }
  }
  const escapeCharacter = found.get("escape") === "`" ? "`" : "\\";
  return { directives: { escapeCharacter, syntax: found.get("syntax"), check: found.get("check") }, next };
}

/** @param written the lines with their carriage returns, which here-documents keep */
function readLogicalLine(
  file: string,
  source: readonly string[],
  written: readonly string[],
  start: number,
  { escapeCharacter }: Directives,
): { line: LogicalLine | undefined; next: number } {
  const first = source[start]!;
  let next = start + 1;
  if (isComment(first) || first.trim() === "") return { line: undefined, next };
  let { text, continues } = withoutContinuation(first.trimStart(), escapeCharacter);
  let emptyContinuation: number | undefined;
  while (continues && next < source.length) {
    const more = source[next++]!;
    if (isComment(more)) continue;
    if (more.trim() === "") {
      emptyContinuation ??= next;
      continue;
    }
    const part = withoutContinuation(more, escapeCharacter);
    text += part.text;
    continues = part.continues;
  }
  if (text.trim() === "") return { line: undefined, next };
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
  return { line: { text, line: start + 1, endLine: next, heredocs, emptyContinuation }, next };
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
export function heredocsOf(text: string, escapeCharacter: string): HeredocBegin[] {
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
