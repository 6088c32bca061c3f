/** Milliseconds from lap to lap. */
export class Stopwatch {
  #last = performance.now();

  /** Since the last lap, or since it was made; to a hundredth. */
  lap(): number {
    const now = performance.now();
    const lap = now - this.#last;
    this.#last = now;
    return Math.round(lap * 100) / 100;
  }
}
