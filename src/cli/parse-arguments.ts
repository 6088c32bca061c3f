/** From the words of a command line to options and operands. Pure. */
import { parseArgs } from "node:util";
import type { Command, OptionTable, Values } from "./command.js";
import { UsageError } from "./usage.js";

export interface ParsedArguments {
  readonly help: boolean;
  readonly values: Values<OptionTable>;
  readonly operands: readonly string[];
}

const HELP = { type: "boolean" } as const;

/** @throws UsageError */
export function parseArguments(command: Command, words: readonly string[]): ParsedArguments {
  const { least, most, operands: shape, name } = command;
  const [own, rest] = command.stopsAtOperand ? splitAtOperand(command, words) : [words, []];
  const { values, positionals } = parse(command, own);
  const { help, ...options } = values;
  const operands = [...positionals, ...rest];
  if (help === true) return { help: true, values: options, operands };
  if (operands.length < least) throw new UsageError(`caisson ${name} needs ${shape}`);
  if (operands.length > most) {
    throw new UsageError(`caisson ${name} takes ${shape || "no operands"}; ${JSON.stringify(operands[most])} is too much`);
  }
  return { help: false, values: options, operands };
}

/**
 * Takes options from in front of a group's command: `compose -f FILE up`.
 * @returns them by their long names, as they may follow the command, and what comes after them
 * @throws UsageError
 */
export function splitLeadingOptions(
  options: OptionTable,
  words: readonly string[],
): { readonly flags: readonly string[]; readonly rest: readonly string[] } {
  const [own, rest] = splitAtOperand({ options }, words);
  const { values } = parse({ options }, own);
  const flags = Object.entries(values).flatMap(([name, value]) =>
    [value].flat().map((each) => (each === true ? `--${name}` : `--${name}=${each}`)),
  );
  return { flags, rest };
}

function parse(
  { options: table, refuses = {} }: Pick<Command, "options" | "refuses">,
  words: readonly string[],
): { values: Values<OptionTable>; positionals: readonly string[] } {
  const { args, denied } = inline(table, refuses, words);
  try {
    const { values, positionals } = parseArgs({ args, options: parserOptions(table), allowPositionals: true });
    return { values: { ...(values as Values<OptionTable>), ...denied }, positionals };
  } catch (error) {
    throw new UsageError(firstSentence(error as Error));
  }
}

/**
 * What docker's flags take and Node's strict parser doesn't: values that begin with a dash (`--memory-swap -1`), and words for what is on or
 * off (`--sig-proxy=false`).
 * @returns the words, and the flags that are off
 */
function inline(
  table: OptionTable,
  refuses: Readonly<Record<string, string>>,
  words: readonly string[],
): { readonly args: string[]; readonly denied: Readonly<Record<string, false>> } {
  const { tokens } = parseArgs({ args: [...words], options: parserOptions(table), allowPositionals: true, strict: false, tokens: true });
  const denied: Record<string, false> = {};
  const args = tokens.flatMap((token) => {
    if (token.kind === "positional") return [token.value];
    if (token.kind === "option-terminator") return ["--"];
    const { name, value, rawName } = token;
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!option && Object.hasOwn(refuses, name)) throw new UsageError(`--${name} is not served: ${refuses[name]}`);
    if (value === undefined) return [rawName];
    if (option?.type !== "boolean") return [`--${name}=${value}`];
    if (!isOn(name, value)) {
      denied[name] = false;
      return [];
    }
    return [`--${name}`];
  });
  return { args, denied };
}

/** Go's words for true and false (strconv.ParseBool). @throws UsageError */
function isOn(name: string, value: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  throw new UsageError(`--${name} takes true or false, not ${JSON.stringify(value)}`);
}

function splitAtOperand(command: Pick<Command, "options">, words: readonly string[]): [readonly string[], readonly string[]] {
  const { tokens } = parseArgs({
    args: [...words],
    options: parserOptions(command.options),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const end = tokens.find(({ kind }) => kind === "positional" || kind === "option-terminator");
  if (!end) return [words, []];
  return [words.slice(0, end.index), words.slice(end.kind === "positional" ? end.index : end.index + 1)];
}

function parserOptions(table: OptionTable) {
  const entries = Object.entries({ ...table, help: HELP }).map(([name, option]) => {
    const { type, short, multiple } = option as OptionTable[string];
    return [name, { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) }] as const;
  });
  return Object.fromEntries(entries);
}

/** Node's messages go on with advice about `--` that few command lines need. */
function firstSentence({ message }: Error): string {
  return message.split(". To specify", 1)[0]!;
}
