/** Go's templates as a tree: the part of the language that docker's users write. Pure. */
import { UsageError } from "../usage.js";
import { type Piece, piecesOf, type Token, tokensOf } from "./template-tokens.js";

/** What has a value. */
export type Term =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  /** `.A.B` of the dot, or `$x.A` of a variable; `""` is the dot. */
  | { readonly kind: "path"; readonly variable: string; readonly fields: readonly string[] }
  | { readonly kind: "pipe"; readonly pipe: Pipe; readonly fields: readonly string[] };

export interface Call {
  /** Of a function; without one, the first argument is a value, or a method of the data and the others are its arguments. */
  readonly name: string | undefined;
  readonly arguments: readonly Term[];
}

/** Each call gets the value of the one before as its last argument. */
export type Pipe = readonly Call[];

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly variables: readonly string[]; readonly declares: boolean; readonly pipe: Pipe }
  | {
      readonly kind: "if" | "with" | "range";
      readonly variables: readonly string[];
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    };

/** @throws UsageError */
export function parseTemplate(template: string): readonly Node[] {
  return new Parser(piecesOf(template)).nodes([]);
}

class Parser {
  readonly #pieces: readonly Piece[];
  #at = 0;
  /** The action that ended the last list: `end`, `else`, `else if ...`. */
  #ending = "";

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Up to an action that begins with one of these words, or to the end of the template. */
  nodes(endings: readonly string[]): Node[] {
    const nodes: Node[] = [];
    for (;;) {
      const piece = this.#pieces[this.#at++];
      if (piece === undefined) {
        if (endings.length > 0) throw new UsageError("--format: {{end}} is missing");
        return nodes;
      }
      if ("text" in piece) {
        if (piece.text !== "") nodes.push({ kind: "text", text: piece.text });
        continue;
      }
      const { action } = piece;
      if (action.startsWith("/*")) continue;
      const [, keyword = "", rest = ""] = /^(if|with|range|else|end)\b\s*([\s\S]*)$/.exec(action) ?? [];
      if (endings.includes(keyword)) {
        this.#ending = action;
        return nodes;
      }
      if (keyword === "if" || keyword === "with" || keyword === "range") nodes.push(this.#block(keyword, rest));
      else if (keyword !== "") throw new UsageError(`--format: {{${action}}} belongs to nothing`);
      else nodes.push({ kind: "print", ...parsePipe(action) });
    }
  }

  #block(kind: "if" | "with" | "range", text: string): Node {
    const { variables, pipe } = parsePipe(text);
    const body = this.nodes(["else", "end"]);
    const [, chained, condition = ""] = /^else\s+(if|with)\b\s*([\s\S]*)$/.exec(this.#ending) ?? [];
    if (chained) return { kind, variables, pipe, body, otherwise: [this.#block(chained as "if", condition)] };
    const otherwise = this.#ending.startsWith("else") ? this.nodes(["end"]) : [];
    return { kind, variables, pipe, body, otherwise };
  }
}

/** `$k, $v := PIPE`, `$x = PIPE`, `PIPE`. */
function parsePipe(action: string): { readonly variables: readonly string[]; readonly declares: boolean; readonly pipe: Pipe } {
  const tokens = tokensOf(action);
  const assignment = tokens.findIndex((token) => token.kind === "mark" && (token.text === ":=" || token.text === "="));
  const left = tokens.slice(0, Math.max(assignment, 0));
  const variables = left.flatMap((token) => (token.kind === "word" && /^\$\w+$/.test(token.text) ? [token.text] : []));
  const reader = new Reader(tokens.slice(assignment + 1), action);
  const pipe = reader.pipe();
  reader.finish();
  const mark = tokens[assignment];
  return { variables, declares: mark?.kind === "mark" && mark.text === ":=", pipe };
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #action: string;
  #at = 0;

  constructor(tokens: readonly Token[], action: string) {
    this.#tokens = tokens;
    this.#action = action;
  }

  pipe(): Pipe {
    const calls = [this.#call()];
    while (this.#takes("|")) calls.push(this.#call());
    return calls;
  }

  finish(): void {
    if (this.#at < this.#tokens.length) throw this.#unreadable();
  }

  #call(): Call {
    const first = this.#tokens[this.#at];
    const name = first?.kind === "word" && /^\w/.test(first.text) ? first.text : undefined;
    if (name !== undefined) this.#at++;
    const terms: Term[] = [];
    for (let term = this.#term(); term; term = this.#term()) terms.push(term);
    const isMethod = terms[0]?.kind === "path" && terms[0].fields.length > 0;
    if (name === undefined && terms.length !== 1 && !isMethod) throw this.#unreadable();
    return { name, arguments: terms };
  }

  #term(): Term | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind === "literal") {
      this.#at++;
      return token;
    }
    if (token?.kind === "word") {
      this.#at++;
      // A function without arguments.
      if (/^\w/.test(token.text)) return { kind: "pipe", pipe: [{ name: token.text, arguments: [] }], fields: [] };
      const [variable = "", ...fields] = token.text === "." ? [""] : token.text.split(".");
      return { kind: "path", variable, fields };
    }
    if (!this.#takes("(")) return undefined;
    const pipe = this.pipe();
    if (!this.#takes(")")) throw this.#unreadable();
    return { kind: "pipe", pipe, fields: this.#fields() };
  }

  /** Of what is in brackets: `(index .Ports "80/tcp").HostPort`. */
  #fields(): readonly string[] {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "word" || !/^\.\w/.test(token.text) || !this.#action.includes(`)${token.text}`)) return [];
    this.#at++;
    return token.text.split(".").slice(1);
  }

  #takes(mark: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "mark" || token.text !== mark) return false;
    this.#at++;
    return true;
  }

  #unreadable(): UsageError {
    return new UsageError(`--format: {{${this.#action}}} can't be read`);
  }
}
