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
  const { values, positionals } = parse(command.options, own);
  const { help, ...options } = values;
  const operands = [...positionals, ...rest];
  if (help === true) return { help: true, values: options, operands };
  if (operands.length < least) throw new UsageError(`caisson ${name} needs ${shape}`);
  if (operands.length > most) {
    throw new UsageError(`caisson ${name} takes ${shape || "no operands"}; ${JSON.stringify(operands[most])} is too much`);
  }
  return { help: false, values: options, operands };
}

function parse(table: OptionTable, words: readonly string[]): { values: Values<OptionTable>; positionals: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({ args: inline(table, words), options: parserOptions(table), allowPositionals: true });
    return { values: values as Values<OptionTable>, positionals };
  } catch (error) {
    throw new UsageError(firstSentence(error as Error));
  }
}

/** `--memory-swap -1` as `--memory-swap=-1`: docker's flags take values that begin with a dash, Node's strict parser doesn't. */
function inline(table: OptionTable, words: readonly string[]): string[] {
  const { tokens } = parseArgs({ args: [...words], options: parserOptions(table), allowPositionals: true, strict: false, tokens: true });
  return tokens.flatMap((token) => {
    if (token.kind === "positional") return [token.value];
    if (token.kind === "option-terminator") return ["--"];
    return [token.value === undefined ? token.rawName : `--${token.name}=${token.value}`];
  });
}

function splitAtOperand(command: Command, words: readonly string[]): [readonly string[], readonly string[]] {
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
