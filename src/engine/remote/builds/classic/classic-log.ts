/** What the classic builder and Buildah print, as steps: `Step 2/3 : RUN make`, `[1/2] STEP 2/3: RUN make`, ` ---> Using cache`. */
import { formatLocation } from "../../../dockerfile/dockerfile-error.js";
import type { Instruction } from "../../../dockerfile/instructions.js";
import { stepName, stepsOf } from "../../../dockerfile/step-names.js";
import type { BuildReport, ReportedStep } from "../build-report.js";
import type { BuildPlan } from "../build-source.js";
import { instructionsInOrder, placeOfInstruction } from "../find-instruction.js";

/** Of Docker's; the text ends with the line. */
const DOCKER_STEP = /^Step (\d+)\/(\d+) : (.*)$/s;
/** Of Buildah's: the stage, where there are several, and the step in it. */
const BUILDAH_STEP = /^(?:\[(\d+)\/\d+\] )?STEP (\d+)\/\d+: (.*)$/s;
const CACHED = /^(?: ---> |--> )Using cache/;
/** What neither step printed. */
const CHATTER = /^(?: ---> |--> |Removing intermediate container |Successfully (?:built|tagged) |COMMIT )/;
/** How Docker marks what came over stderr. */
const RED = "\u001b[91m";
const END_OF_RED = "\u001b[0m";

export class ClassicLog {
  readonly #report: BuildReport;
  readonly #plan: BuildPlan | undefined;
  readonly #file: string;
  #step: ReportedStep | undefined;
  #cached = false;
  #line = "";
  /** What the step stands for. */
  instruction: Instruction | undefined;

  constructor(report: BuildReport, plan: BuildPlan | undefined, file: string) {
    this.#report = report;
    this.#plan = plan;
    this.#file = file;
  }

  /** A piece of the stream: a line, a part of one, or several. */
  take(text: string): void {
    if (text.startsWith(RED)) {
      this.#output("stderr", text.slice(RED.length).replace(END_OF_RED, ""));
      return;
    }
    if (DOCKER_STEP.test(text.trimEnd()) && this.#line === "") {
      this.#take(text.trimEnd());
      return;
    }
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
    // What is no mark by its beginning is output, and should be seen as it comes.
    if (this.#line !== "" && !/^(?:Step|STEP|\[|-| |Removing|Success|COMMIT)/.test(this.#line)) this.#flush();
  }

  get output(): readonly string[] {
    return this.#step?.tail.lines ?? [];
  }

  end(failure?: string): void {
    this.#flush();
    if (!this.#step) return;
    if (failure === undefined) this.#report.done(this.#step, this.#cached);
    else this.#report.failed(this.#step, failure);
  }

  #flush(): void {
    if (this.#line !== "") this.#output("stdout", this.#line);
    this.#line = "";
  }

  #take(line: string): void {
    const [, number, , dockerText] = DOCKER_STEP.exec(line) ?? [];
    const [, stage, step, buildahText] = BUILDAH_STEP.exec(line) ?? [];
    if (number !== undefined) this.#begin(this.#numbered(Number(number)), dockerText ?? "");
    else if (step !== undefined) this.#begin(this.#staged(Number(stage ?? 1), Number(step)), buildahText ?? "");
    else if (CACHED.test(line)) this.#cached = true;
    else if (!CHATTER.test(line)) this.#output("stdout", `${line}\n`);
  }

  #numbered(number: number): Instruction | undefined {
    return this.#plan && instructionsInOrder(this.#plan.dockerfile, this.#plan.target)[number - 1];
  }

  #staged(stage: number, step: number): Instruction | undefined {
    const { from, instructions } = this.#plan?.dockerfile.stages[stage - 1] ?? {};
    return step === 1 ? from : instructions?.[step - 2];
  }

  #begin(instruction: Instruction | undefined, text: string): void {
    this.end();
    this.#step = undefined;
    this.#cached = false;
    this.instruction = instruction;
    const dockerfile = this.#plan?.dockerfile;
    if (!dockerfile || !instruction) {
      this.#step = this.#report.begin(text, this.#file);
      return;
    }
    const place = placeOfInstruction(dockerfile, instruction);
    if (!place) return; // what only changes the configuration is no step
    const name = stepName(dockerfile, place.stage, place.step, stepsOf(place.stage), text);
    this.#step = this.#report.begin(name, formatLocation({ file: dockerfile.file, line: instruction.line }));
  }

  #output(stream: "stdout" | "stderr", text: string): void {
    if (this.#step && text.trim() !== "") this.#report.output(this.#step, stream, text);
  }
}
