/** What the checks of a build found, as docker and buildx print it. Pure. */
import type { BuildWarning } from "../engine/engine.js";

const RULER = "-".repeat(20);

/** Of `build --check`. */
export function checkReport(warnings: readonly BuildWarning[]): string {
  if (warnings.length === 0) return "Check complete, no warnings found.\n";
  const count = warnings.length === 1 ? "1 warning has" : `${warnings.length} warnings have`;
  const blocks = byLine(warnings).map((warning) => {
    const { rule, url, message } = warning;
    return `\nWARNING: ${rule}${url === undefined ? "" : ` - ${url}`}\n${message}\n${excerptBlock(warning)}`;
  });
  return `Check complete, ${count} been found!\n${blocks.join("")}`;
}

/** At the end of a build; nothing where nothing was found. */
export function buildReport(warnings: readonly BuildWarning[]): string {
  if (warnings.length === 0) return "";
  const blocks = byLine(warnings).map((warning) => {
    const { rule, url, message, description, line } = warning;
    const more = url === undefined ? "" : `More info: ${url}\n`;
    return ` - ${rule}: ${message} (line ${line})\n${description}\n${more}${excerptBlock(warning)}\n`;
  });
  return `\n ${warnings.length} warning${warnings.length === 1 ? "" : "s"} found:\n${blocks.join("")}`;
}

/** In one line, while the build runs. */
export function warningLine({ rule, message, file, line }: BuildWarning): string {
  return `WARN: ${rule}: ${message} (${file}:${line})\n`;
}

function byLine(warnings: readonly BuildWarning[]): BuildWarning[] {
  return [...warnings].sort((a, b) => a.line - b.line);
}

/** The instruction's own lines marked among those around it. */
function excerptBlock({ file, line, endLine, excerpt: { firstLine, lines } }: BuildWarning): string {
  const rows = lines.map((text, index) => {
    const number = firstLine + index;
    return ` ${String(number).padStart(3)} | ${number >= line && number <= endLine ? ">>>" : "   "} ${text}`.trimEnd();
  });
  return `${[`${file}:${line}`, RULER, ...rows, RULER].join("\n")}\n`;
}
