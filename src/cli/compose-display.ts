/** What `up` and `down` show: what becomes of the project's parts, and the logs of its containers side by side. */
import { Writable } from "node:stream";
import type { Report } from "../compose/run/progress.js";
import type { BuildEvent, ImageProgress } from "../engine/engine.js";
import { type BuildDisplay, showBuild } from "./build-progress.js";
import { showProgress } from "./progress.js";
import type { Terminal } from "./terminal.js";

export function statusReport(terminal: Pick<Terminal, "stderr">): Report {
  return ({ kind, name, status }) => void terminal.stderr.write(` ${kind} ${name}  ${status}\n`);
}

export interface ImageDisplay {
  readonly pullProgress: (event: ImageProgress) => void;
  readonly buildProgress: (service: string, event: BuildEvent) => void;
  /** Idempotent. */
  finish(): void;
}

/** A line for each change: several pulls and builds at once can't redraw each other's. */
export function imageDisplay(terminal: Terminal, quiet: boolean): ImageDisplay {
  const pull = showProgress({ ...terminal, stderr: linesTo(terminal.stderr, "") }, quiet);
  const builds = new Map<string, BuildDisplay>();
  return {
    pullProgress: pull.report,
    buildProgress(service, event) {
      let display = builds.get(service);
      if (!display) {
        display = showBuild({ ...terminal, stderr: linesTo(terminal.stderr, `[${service}] `) }, "plain");
        builds.set(service, display);
      }
      display.report(event);
    },
    finish() {
      pull.finish();
      for (const display of builds.values()) display.finish();
      builds.clear();
    },
  };
}

/** Not a terminal, whatever is behind it. */
function linesTo(output: Writable, prefix: string): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const text = String(chunk);
      output.write(prefix === "" ? text : text.replace(/^(?=.)/gm, prefix));
      done();
    },
  });
}

/** Those of docker's Compose, in its order. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

export interface LogPrefixes {
  /** The beginning of each line of a container. */
  of(name: string): string;
}

/** @param names of all containers whose lines will be shown: the bars stand below each other */
export function logPrefixes(names: readonly string[], coloured: boolean): LogPrefixes {
  const width = Math.max(0, ...names.map((name) => name.length));
  const colours = new Map(names.map((name, index) => [name, COLOURS[index % COLOURS.length]!]));
  return {
    of(name) {
      const prefix = `${name.padEnd(width + 1)} | `;
      return coloured ? `\x1b[${colours.get(name) ?? COLOURS[0]}m${prefix}\x1b[0m` : prefix;
    },
  };
}

/** `web-1` of the container `project-web-1`; a name that was chosen is whole. */
export function labelInProject(project: string, name: string): string {
  return name.startsWith(`${project}-`) ? name.slice(project.length + 1) : name;
}
