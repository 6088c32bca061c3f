/** What a builder says, as the contract's events; and the end of each step's output, for the error. */
import { OutputTail } from "../../dockerfile/output-tail.js";
import type { BuildEvent, BuildWarning } from "../../engine.js";

export interface ReportedStep {
  readonly step: number;
  readonly begun: number;
  readonly tail: OutputTail;
  over: boolean;
}

export class BuildReport {
  readonly #report: (event: BuildEvent) => void;
  readonly warnings: BuildWarning[] = [];
  #steps = 0;

  constructor(report: ((event: BuildEvent) => void) | undefined) {
    this.#report = report ?? (() => {});
  }

  begin(name: string, location: string): ReportedStep {
    const step = ++this.#steps;
    this.#report({ type: "step", step, name, location });
    return { step, begun: performance.now(), tail: new OutputTail(), over: false };
  }

  output({ step, tail }: ReportedStep, stream: "stdout" | "stderr", text: string): void {
    tail.add(text);
    this.#report({ type: "output", step, stream, text });
  }

  done(step: ReportedStep, cached: boolean): void {
    if (step.over) return;
    step.over = true;
    this.#report({ type: "done", step: step.step, cached, durationMs: performance.now() - step.begun });
  }

  failed(step: ReportedStep, message: string): void {
    if (step.over) return;
    step.over = true;
    this.#report({ type: "failed", step: step.step, message, durationMs: performance.now() - step.begun });
  }

  warn(warning: BuildWarning): void {
    this.warnings.push(warning);
    this.#report({ type: "warning", warning });
  }
}
