/** Expanding the words of an instruction with what its stage knows, errors with their place. */
import { dockerfileError } from "./dockerfile-error.js";
import { type ExpandOptions, ExpansionError, expandWord, expandWords, type Lookup } from "./expand.js";
import type { Instruction } from "./instructions.js";
import type { Heredoc } from "./logical-lines.js";
import type { Dockerfile } from "./parse-dockerfile.js";

/** The variables of one word. */
export interface SeenVariables {
  readonly set: ReadonlySet<string>;
  readonly unset: ReadonlySet<string>;
}

export class Expander {
  readonly #dockerfile: Dockerfile;
  readonly #instruction: Pick<Instruction, "line" | "original">;
  readonly #lookup: Lookup;
  readonly #seen: ((variables: SeenVariables) => void) | undefined;

  /** @param seen told of each word's variables, those aside that are cut into words afterwards */
  constructor(
    dockerfile: Dockerfile,
    instruction: Pick<Instruction, "line" | "original">,
    lookup: Lookup,
    seen?: (variables: SeenVariables) => void,
  ) {
    this.#dockerfile = dockerfile;
    this.#instruction = instruction;
    this.#lookup = lookup;
    this.#seen = seen;
  }

  /** Which also knows these variables. */
  with(more: ReadonlyMap<string, string>): Expander {
    return new Expander(this.#dockerfile, this.#instruction, (name) => more.get(name) ?? this.#lookup(name), this.#seen);
  }

  /** @throws DOCKERFILE_INVALID */
  word(text: string): string {
    return this.#expand(text, this.#options);
  }

  words(text: string): string[] {
    return this.#placed(() => expandWords(text, this.#lookup, this.#options));
  }

  optional(text: string | undefined): string | undefined {
    return text === undefined ? undefined : this.word(text);
  }

  heredoc({ content, chomp, expand }: Heredoc): string {
    const text = chomp ? content.replace(/^\t+/gm, "") : content;
    return expand ? this.#expand(text, { escapeCharacter: "\\", keepQuotes: true }) : text;
  }

  #expand(text: string, options: ExpandOptions): string {
    const tell = this.#seen;
    if (!tell) return this.#placed(() => expandWord(text, this.#lookup, options));
    const variables = { set: new Set<string>(), unset: new Set<string>() };
    const seen = (name: string, isSet: boolean): void => void (isSet ? variables.set : variables.unset).add(name);
    try {
      return this.#placed(() => expandWord(text, this.#lookup, { ...options, seen }));
    } finally {
      tell(variables);
    }
  }

  get #options() {
    return { escapeCharacter: this.#dockerfile.directives.escapeCharacter };
  }

  #placed<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      const { line, original } = this.#instruction;
      throw dockerfileError({ file: this.#dockerfile.file, line }, error.message, { source: original, cause: error });
    }
  }
}
