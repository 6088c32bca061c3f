/** Progress of a build on stderr, as BuildKit's users know it: redrawn on a terminal, numbered lines elsewhere, or one JSON event a line. */
import type { BuildEvent, BuildWarning } from "../engine/engine.js";
import { buildReport, warningLine } from "./build-warnings.js";
import { progressLine } from "./progress.js";
import type { Terminal } from "./terminal.js";

export const PROGRESS_KINDS = ["auto", "plain", "tty", "json", "quiet"] as const;
export type ProgressKind = (typeof PROGRESS_KINDS)[number];

export interface BuildDisplay {
  readonly report: (event: BuildEvent) => void;
  /** Draws the last state, then what the checks found. Idempotent. */
  finish(): void;
}

const REDRAW_MS = 80;
/** Lines of a running step's output that are shown below it. */
const OUTPUT_LINES = 6;

export function showBuild(terminal: Terminal, kind: ProgressKind): BuildDisplay {
  const { stderr } = terminal;
  if (kind === "quiet") return { report: () => {}, finish: () => {} };
  if (kind === "json") return { report: (event) => void stderr.write(`${JSON.stringify(event)}\n`), finish: () => {} };
  return withReport(stderr, kind === "tty" || (kind === "auto" && stderr.isTTY) ? redrawn(stderr) : plain(stderr));
}

function withReport(output: Terminal["stderr"], display: BuildDisplay): BuildDisplay {
  const warnings: BuildWarning[] = [];
  return {
    report(event) {
      if (event.type === "warning") warnings.push(event.warning);
      display.report(event);
    },
    finish() {
      display.finish();
      output.write(buildReport(warnings.splice(0)));
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}

function plain(output: Terminal["stderr"]): BuildDisplay {
  const begun = new Map<number, number>();
  const pulls = new Map<string, string>();
  const write = (step: number, text: string): void => void output.write(`#${step} ${text}\n`);
  return {
    report(event) {
      if (event.type === "step") {
        begun.set(event.step, performance.now());
        write(event.step, event.name.replaceAll("\n", " "));
      } else if (event.type === "output") {
        const at = ((performance.now() - (begun.get(event.step) ?? 0)) / 1000).toFixed(3);
        for (const line of event.text.replace(/\n$/, "").split("\n")) write(event.step, `${at} ${line}`);
      } else if (event.type === "done") {
        write(event.step, event.cached ? "CACHED" : `DONE ${seconds(event.durationMs)}`);
      } else if (event.type === "failed") {
        write(event.step, `ERROR ${event.message}`);
      } else if (event.type === "pull") {
        const { id, status } = event.progress;
        if (pulls.get(id) === status) return;
        pulls.set(id, status);
        output.write(`${event.reference}: ${id}: ${status}\n`);
      } else {
        output.write(warningLine(event.warning));
      }
    },
    finish() {},
  };
}

interface Shown {
  readonly name: string;
  readonly begun: number;
  state: "running" | "done" | "cached" | "failed";
  durationMs: number;
  output: string[];
}

function redrawn(output: Terminal["stderr"]): BuildDisplay {
  const steps = new Map<number, Shown>();
  const pulls = new Map<string, string>();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    const columns = output.columns ?? 80;
    const lines = [...steps.values()].flatMap((step) => stepLines(step, columns));
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    const all = [...lines, ...[...pulls.values()].map((line) => ` => => ${line}`.slice(0, columns))];
    output.write(`${up}${all.map((line) => `\x1b[2K${line}\n`).join("")}\x1b[J`);
    drawn = all.length;
  };
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      draw();
      if ([...steps.values()].some(({ state }) => state === "running")) soon();
    }, REDRAW_MS);
  };
  return {
    report(event) {
      if (event.type === "step") {
        steps.set(event.step, {
          name: event.name.replaceAll("\n", " "),
          begun: performance.now(),
          state: "running",
          durationMs: 0,
          output: [],
        });
      } else if (event.type === "warning") {
        return; // those are for the end
      } else if (event.type === "pull") {
        pulls.set(event.progress.id, progressLine(event.progress, 70));
      } else {
        const step = steps.get(event.step);
        if (!step) return;
        if (event.type === "output") step.output = [...step.output, ...event.text.replace(/\n$/, "").split("\n")].slice(-OUTPUT_LINES);
        else {
          step.state = event.type === "failed" ? "failed" : event.cached ? "cached" : "done";
          step.durationMs = event.durationMs;
          if (step.state !== "failed") step.output = [];
        }
      }
      soon();
    },
    finish() {
      clearTimeout(timer);
      timer = undefined;
      if (steps.size > 0) draw();
      steps.clear();
      drawn = 0;
    },
  };
}

function stepLines({ name, begun, state, durationMs, output }: Shown, columns: number): string[] {
  const time = seconds(state === "running" ? performance.now() - begun : durationMs);
  const label = ` => ${state === "cached" ? "CACHED " : state === "failed" ? "ERROR " : ""}${name}`;
  const room = Math.max(10, columns - time.length - 1);
  return [`${label.slice(0, room).padEnd(room)} ${time}`, ...output.map((line) => ` => => # ${line}`.slice(0, columns))];
}
