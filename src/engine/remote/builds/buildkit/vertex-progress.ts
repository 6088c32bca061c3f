/** BuildKit's vertexes as the contract's steps: those that stand for an instruction; what is internal to it is nobody's step. */
import { formatLocation } from "../../../dockerfile/dockerfile-error.js";
import type { Instruction } from "../../../dockerfile/instructions.js";
import type { BuildWarning } from "../../../engine.js";
import { canonicalName, parseReference, withDefaultTag } from "../../../oci/reference.js";
import type { BuildReport, ReportedStep } from "../build-report.js";
import type { BuildPlan } from "../build-source.js";
import { instructionOfVertex } from "../find-instruction.js";
import type { Status, Vertex, VertexWarning } from "./status.js";

interface KnownVertex {
  readonly name: string;
  readonly instruction: Instruction | undefined;
  step: ReportedStep | undefined;
  readonly decoder: InstanceType<typeof TextDecoder>;
  error: string;
}

/** Lines around what a warning is about, as BuildKit shows them. */
const AROUND = 2;

export class VertexProgress {
  readonly #report: BuildReport;
  readonly #plan: BuildPlan | undefined;
  readonly #file: string;
  readonly #vertexes = new Map<string, KnownVertex>();

  /** @param file the Dockerfile's name in messages */
  constructor(report: BuildReport, plan: BuildPlan | undefined, file: string) {
    this.#report = report;
    this.#plan = plan;
    this.#file = file;
  }

  take({ vertexes, logs, warnings }: Status): void {
    for (const vertex of vertexes) this.#see(vertex);
    for (const { vertex, stream, text } of logs) {
      const known = this.#vertexes.get(vertex);
      if (known?.step) this.#report.output(known.step, stream, known.decoder.decode(text, { stream: true }));
    }
    for (const warning of warnings) this.#report.warn(buildWarning(warning, this.#file));
  }

  /** The first vertex that failed. */
  get failed(): { readonly error: string; readonly instruction: Instruction | undefined; readonly output: readonly string[] } | undefined {
    const failed = [...this.#vertexes.values()].filter(({ error }) => error !== "");
    // Those that were stopped because of it fail as well.
    const { error, instruction, step } = failed.find((each) => !/context canceled/.test(each.error)) ?? failed[0] ?? {};
    return error === undefined ? undefined : { error, instruction, output: step?.tail.lines ?? [] };
  }

  #see(vertex: Vertex): void {
    let known = this.#vertexes.get(vertex.digest);
    if (!known) {
      const instruction = this.#plan && (instructionOfVertex(this.#plan.dockerfile, vertex.name) ?? baseOfVertex(this.#plan, vertex.name));
      known = { name: vertex.name, instruction, step: undefined, decoder: new TextDecoder(), error: "" };
      this.#vertexes.set(vertex.digest, known);
    }
    const { name, instruction } = known;
    const isStep = /^\[(?!internal\])[^\]]*\d+\/\d+\] /.test(name);
    if (!known.step && isStep && (vertex.started || vertex.cached)) {
      const location = instruction ? formatLocation({ file: this.#file, line: instruction.line }) : this.#file;
      known.step = this.#report.begin(name, location);
    }
    if (vertex.error !== "") known.error = vertex.error;
    if (!known.step || !(vertex.completed || vertex.cached)) return;
    if (vertex.error === "") this.#report.done(known.step, vertex.cached);
    else this.#report.failed(known.step, vertex.error);
  }
}

/** Looking at a base image fails before there is a step. */
function baseOfVertex({ images }: BuildPlan, name: string): Instruction | undefined {
  const [, wanted] = /^\[internal\] load metadata for (\S+)$/.exec(name) ?? [];
  return images.find(({ reference }) => canonicalName(withDefaultTag(parseReference(reference))) === wanted)?.instruction;
}

function buildWarning({ short, detail, url, source, ranges }: VertexWarning, file: string): BuildWarning {
  const [, rule = "", message = short] = /^(\w+): (.*)$/s.exec(short) ?? [];
  const line = ranges[0]?.start ?? 0;
  const endLine = ranges.at(-1)?.end || line;
  const lines = source.split("\n");
  const firstLine = Math.max(1, line - AROUND);
  return {
    rule,
    message: message.replace(/ \(line \d+\)$/, ""),
    description: detail.join("\n"),
    url: url === "" ? undefined : url,
    file,
    line,
    endLine,
    excerpt: { firstLine, lines: line === 0 ? [] : lines.slice(firstLine - 1, endLine + AROUND) },
  };
}
