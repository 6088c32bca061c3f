/** What a failed step shows of its output. */

/** Lines of output that a failed step shows. */
const TAIL_LINES = 40;
/** And of which length: a tail is for reading. */
const TAIL_BYTES = 16_384;

/** The end of what a step printed. */
export class OutputTail {
  #text = "";

  add(text: string): void {
    this.#text = (this.#text + text).slice(-TAIL_BYTES);
  }

  get lines(): readonly string[] {
    const lines = this.#text.replace(/\n$/, "").split("\n");
    return this.#text === "" ? [] : lines.slice(-TAIL_LINES);
  }
}
