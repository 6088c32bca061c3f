/** Numbers the steps of a build, and tells whoever watches. */
import type { BuildEvent, BuildWarning, ImageProgress } from "../../engine.js";
import { errorSummary } from "../../errors.js";

export interface Step {
  output(stream: "stdout" | "stderr", text: string): void;
  /** Marks the step as taken from the cache. */
  cached(): void;
}

export class BuildProgress {
  readonly #report: (event: BuildEvent) => void;
  readonly warnings: BuildWarning[] = [];
  #steps = 0;

  constructor(report: ((event: BuildEvent) => void) | undefined) {
    this.#report = report ?? (() => {});
  }

  async step<T>(name: string, location: string, work: (step: Step) => Promise<T>): Promise<T> {
    const step = ++this.#steps;
    const begun = performance.now();
    let cached = false;
    this.#report({ type: "step", step, name, location });
    try {
      const result = await work({
        output: (stream, text) => this.#report({ type: "output", step, stream, text }),
        cached: () => {
          cached = true;
        },
      });
      this.#report({ type: "done", step, cached, durationMs: performance.now() - begun });
      return result;
    } catch (error) {
      this.#report({ type: "failed", step, message: errorSummary(error).detail, durationMs: performance.now() - begun });
      throw error;
    }
  }

  pull(reference: string): (progress: ImageProgress) => void {
    return (progress) => this.#report({ type: "pull", reference, progress });
  }

  warn(warning: BuildWarning): void {
    this.warnings.push(warning);
    this.#report({ type: "warning", warning });
  }
}
