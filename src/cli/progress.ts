/** Progress of pull, push and load on stderr: a redrawn line for each layer on a terminal, a line for each change elsewhere. */
import type { ImageProgress } from "../engine/engine.js";
import { formatSize } from "./quantities.js";
import type { Terminal } from "./terminal.js";

const REDRAW_MS = 80;
const BAR = 30;

export interface ProgressDisplay {
  readonly report: (event: ImageProgress) => void;
  /** Draws the last state. Idempotent. */
  finish(): void;
}

export function showProgress(terminal: Terminal, quiet: boolean): ProgressDisplay {
  if (quiet) return { report: () => {}, finish: () => {} };
  return terminal.stderr.isTTY ? redrawn(terminal.stderr) : plain(terminal.stderr);
}

function plain(output: Terminal["stderr"]): ProgressDisplay {
  const seen = new Map<string, string>();
  return {
    report({ id, status }) {
      if (seen.get(id) === status) return;
      seen.set(id, status);
      output.write(`${id}: ${status}\n`);
    },
    finish() {},
  };
}

function redrawn(output: Terminal["stderr"]): ProgressDisplay {
  const states = new Map<string, ImageProgress>();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    timer = undefined;
    const lines = [...states.values()].map((state) => progressLine(state, output.columns ?? 80));
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    output.write(up + lines.map((line) => `\x1b[2K${line}\n`).join(""));
    drawn = lines.length;
  };
  return {
    report(event) {
      states.set(event.id, event);
      timer ??= setTimeout(draw, REDRAW_MS);
    },
    finish() {
      if (!timer) return;
      clearTimeout(timer);
      draw();
    },
  };
}

/** `1f2e3d4c5b6a: downloading [=====>     ] 12.3MB/45MB`, cut to the terminal's width. */
export function progressLine({ id, status, current, total }: ImageProgress, columns: number): string {
  const amounts =
    current === undefined
      ? ""
      : total === undefined
        ? ` ${formatSize(current)}`
        : ` ${bar(current, total)} ${formatSize(current)}/${formatSize(total)}`;
  return `${id}: ${status}${amounts}`.slice(0, columns);
}

function bar(current: number, total: number): string {
  const filled = total === 0 ? BAR : Math.min(BAR, Math.floor((current / total) * BAR));
  return `[${"=".repeat(filled)}${filled < BAR ? ">" : ""}${" ".repeat(Math.max(0, BAR - filled - 1))}]`;
}
