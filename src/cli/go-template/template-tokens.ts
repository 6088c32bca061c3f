/** The words of an action of Go's templates (pkg.go.dev/text/template). Pure. */
import { UsageError } from "../usage.js";

export type Token =
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "mark"; readonly text: "(" | ")" | "|" | "," | ":=" | "=" };

export type Piece = { readonly text: string } | { readonly action: string };

/** `.`, `.A.B`, `$`, `$x.A`, `eq`; strings, numbers; marks. A field that follows a bracket begins with a dot, too. */
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(`[^`]*`)|(-?\d+(?:\.\d+)?)(?![\w.])|(:=|[()|,=])|((?:\$\w*|\w+|)(?:\.\w+)+|\$\w*|\.|\w+))/y;

/** Text and actions in turn; `{{-` and `-}}` take the white space beside them. @throws UsageError */
export function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = template;
  for (;;) {
    const open = rest.indexOf("{{");
    if (open < 0) return [...pieces, { text: rest }];
    const [, minus, body, close] =
      /^\{\{(-(?=\s))?((?:\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"|`[^`]*`|(?!\}\}|\s-\}\})[\s\S])*)(\s-\}\}|\}\})/.exec(rest.slice(open)) ?? [];
    if (body === undefined || close === undefined)
      throw new UsageError(`--format: ${JSON.stringify(rest.slice(open, open + 40))} has no end`);
    const text = rest.slice(0, open);
    pieces.push({ text: minus ? text.trimEnd() : text }, { action: body.trim() });
    rest = rest.slice(open + 2 + (minus?.length ?? 0) + body.length + close.length);
    if (close.length > 2) rest = rest.trimStart();
  }
}

/** @throws UsageError */
export function tokensOf(action: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (action.slice(TOKEN.lastIndex).trim() !== "") {
    const at = TOKEN.lastIndex;
    const [, quoted, raw, number, mark, word] = TOKEN.exec(action) ?? [];
    if (quoted !== undefined) tokens.push({ kind: "literal", value: unquoted(quoted) });
    else if (raw !== undefined) tokens.push({ kind: "literal", value: raw.slice(1, -1) });
    else if (number !== undefined) tokens.push({ kind: "literal", value: Number(number) });
    else if (mark !== undefined) tokens.push({ kind: "mark", text: mark as "(" });
    else if (word === "true" || word === "false") tokens.push({ kind: "literal", value: word === "true" });
    else if (word === "nil") tokens.push({ kind: "literal", value: null });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else throw new UsageError(`--format: ${JSON.stringify(action.slice(at))} can't be read`);
  }
  return tokens;
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new UsageError(`--format: ${text} is no string`);
  }
}
