/** Expanding the words of an instruction with what its stage knows, errors with their place. */
import { dockerfileError } from "./dockerfile/dockerfile-error.js";
import { ExpansionError, expandWord, expandWords, type Lookup } from "./dockerfile/expand.js";
import type { Instruction } from "./dockerfile/instructions.js";
import type { Heredoc } from "./dockerfile/logical-lines.js";
import type { Dockerfile } from "./dockerfile/parse-dockerfile.js";

export class Expander {
  readonly #dockerfile: Dockerfile;
  readonly #instruction: Pick<Instruction, "line" | "original">;
  readonly #lookup: Lookup;

  constructor(dockerfile: Dockerfile, instruction: Pick<Instruction, "line" | "original">, lookup: Lookup) {
    this.#dockerfile = dockerfile;
    this.#instruction = instruction;
    this.#lookup = lookup;
  }

  /** @throws DOCKERFILE_INVALID */
  word(text: string): string {
    return this.#placed(() => expandWord(text, this.#lookup, this.#options));
  }

  words(text: string): string[] {
    return this.#placed(() => expandWords(text, this.#lookup, this.#options));
  }

  optional(text: string | undefined): string | undefined {
    return text === undefined ? undefined : this.word(text);
  }

  heredoc({ content, chomp, expand }: Heredoc): string {
    const text = chomp ? content.replace(/^\t+/gm, "") : content;
    return expand ? this.#placed(() => expandWord(text, this.#lookup, { escapeCharacter: "\\", keepQuotes: true })) : text;
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
