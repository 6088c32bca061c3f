/** Command lines that can't be understood, and the texts that help with them. */
import { type Command, type CommandGroup, isGroup, type OptionTable } from "./command.js";

/** Exit code of a command line that can't be understood. */
export const USAGE_EXIT_CODE = 2;

export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A command of ours, or its help, is a typing error away. */
export function unknownCommand(name: string, commands: readonly (Command | CommandGroup)[]): UsageError {
  const names = commands.flatMap((command) => [command.name, ...(isGroup(command) ? [] : (command.aliases ?? []))]);
  const near = names.filter((known) => distance(known, name) <= 2);
  return new UsageError(`There is no command ${JSON.stringify(name)}${near.length > 0 ? `; did you mean ${near.join(" or ")}?` : ""}`);
}

export function overview(commands: readonly (Command | CommandGroup)[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    "Usage: caisson [--host HOST] COMMAND [OPTIONS] ...",
    "",
    "Containers and images without a daemon.",
    "",
    "Commands:",
    ...aligned(rows),
    "",
    "-H, --host HOST names a daemon to use instead. `caisson help COMMAND` tells more.",
    "",
  ].join("\n");
}

export function groupHelp({ name, summary, options, commands }: CommandGroup): string {
  return [
    `Usage: caisson ${name} COMMAND [OPTIONS] ...`,
    "",
    `${summary}.`,
    "",
    "Commands:",
    ...aligned(commands.map((command) => [command.name.slice(name.length + 1), command.summary] as const)),
    "",
    ...(options ? ["Options that may stand before the command:", ...aligned(optionRows(options)), ""] : []),
    `\`caisson ${name} COMMAND --help\` tells more.`,
    "",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const { name, operands, summary, aliases = [], options } = command;
  return [
    `Usage: caisson ${name} [OPTIONS]${operands ? ` ${operands}` : ""}`,
    "",
    `${summary}.`,
    ...(aliases.length > 0 ? ["", `Also: ${aliases.join(", ")}`] : []),
    "",
    "Options:",
    ...aligned([...optionRows(options), ["    --help", "print this text"]]),
    "",
  ].join("\n");
}

function optionRows(options: OptionTable): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { short, value, help, type }]) => {
    const flag = `${short ? `-${short}, ` : "    "}--${name}${type === "string" ? ` ${value ?? "VALUE"}` : ""}`;
    return [flag, help] as const;
  });
}

const WIDEST = 34;

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(WIDEST, Math.max(...rows.map(([left]) => left.length)));
  return rows.flatMap(([left, right]) =>
    left.length > width ? [`  ${left}`, `  ${" ".repeat(width)}  ${right}`] : [`  ${left.padEnd(width)}  ${right}`],
  );
}

/** Insertions, deletions and replacements between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
