/** `Wait.forFile()`: ready when a path is there, or when the file's content is as expected. */
import { pollUntil } from "./poll.js";
import { type WaitAttempt, WaitStrategy } from "./wait-strategy.js";

export type FileMatcher = string | RegExp | ((content: Buffer) => boolean);

export class FileWait extends WaitStrategy {
  readonly description: string;
  readonly #path: string;
  readonly #matcher: FileMatcher | undefined;

  constructor(path: string, matcher?: FileMatcher) {
    super();
    this.#path = path;
    this.#matcher = matcher;
    this.description = `the file ${path}${matcher === undefined ? "" : " and its content"}`;
  }

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    const wanted = this.#matcher !== undefined;
    await pollUntil(
      async () => {
        const content = await target.readFile(this.#path, { content: wanted, signal });
        if (content === undefined) step(`${this.#path} is not there`);
        else if (this.#matches(content)) return true;
        else step(`${this.#path} has other content (${content.length} bytes)`);
        return false;
      },
      { signal },
    );
  }

  #matches(content: Buffer): boolean {
    const matcher = this.#matcher;
    if (matcher === undefined) return true;
    if (typeof matcher === "function") return matcher(content);
    const text = content.toString("utf8");
    return typeof matcher === "string" ? text.includes(matcher) : text.search(matcher) >= 0;
  }
}
