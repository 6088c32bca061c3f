/** Finds the command, runs it with an engine of its own, and turns what happened into an exit code. */
import { constants } from "node:os";
import type { Engine } from "../engine/engine.js";
import { isCaissonError } from "../engine/errors.js";
import { openEngine } from "../engine/open.js";
import { type Call, type Command, type CommandGroup, isGroup } from "./command.js";
import { COMMANDS } from "./commands/index.js";
import { insteadOfCompose, placeOfComposeFlag } from "./compose-remedies.js";
import { describeError, errorObject } from "./error-object.js";
import { splitGlobalFlags } from "./global-flags.js";
import { parseArguments, splitLeadingOptions } from "./parse-arguments.js";
import type { Terminal } from "./terminal.js";
import { commandHelp, groupHelp, overview, USAGE_EXIT_CODE, UsageError, unknownCommand } from "./usage.js";

export interface CommandLineHost {
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
}

/** @returns the exit code; never rejects */
export async function runCommandLine(words: readonly string[], { terminal, environment }: CommandLineHost): Promise<number> {
  try {
    const { host, words: rest } = splitGlobalFlags(words);
    const named = host === undefined ? environment : { ...environment, DOCKER_HOST: host, CAISSON_ENGINE: "remote" };
    return await dispatch(rest, { terminal, environment: named });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.stderr.write(`${error.message}\nSee \`caisson --help\`.\n`);
    return USAGE_EXIT_CODE;
  }
}

async function dispatch(words: readonly string[], host: CommandLineHost): Promise<number> {
  const { terminal } = host;
  const [name, ...rest] = words;
  if (name === "help" && rest.length > 0) return dispatch([...rest, "--help"], host);
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    terminal.stdout.write(overview(COMMANDS));
    return 0;
  }
  const wanted = name === "--version" || name === "-v" ? "version" : name;
  const command = findCommand(wanted, COMMANDS);
  if (!command) {
    const place = placeOfComposeFlag(name);
    if (place !== undefined) throw new UsageError(place);
    terminal.stderr.write(`${unknownCommand(name, COMMANDS).message}\n\n${overview(COMMANDS)}`);
    return USAGE_EXIT_CODE;
  }
  return isGroup(command) ? runGroup(command, rest, host) : runCommand(command, rest, host);
}

function findCommand<T extends Command | CommandGroup>(name: string, commands: readonly T[]): T | undefined {
  return commands.find((candidate) => candidate.name === name || (!isGroup(candidate) && candidate.aliases?.includes(name)));
}

async function runGroup(group: CommandGroup, words: readonly string[], host: CommandLineHost): Promise<number> {
  const { terminal } = host;
  const {
    flags,
    rest: [name, ...rest],
  } = group.options ? splitLeadingOptions(group.options, words) : { flags: [], rest: words };
  const command = name === undefined ? undefined : findCommand(`${group.name} ${name}`, group.commands);
  if (command) return runCommand(command, [...flags, ...rest], host);
  if (name === "help" || [name, ...flags].includes("--help")) {
    terminal.stdout.write(groupHelp(group));
    return 0;
  }
  const instead = name !== undefined && group.name === "compose" ? insteadOfCompose(name) : undefined;
  if (instead !== undefined) throw new UsageError(instead);
  const why = name === undefined ? "" : `${unknownCommand(`${group.name} ${name}`, group.commands).message}\n\n`;
  terminal.stderr.write(`${why}${groupHelp(group)}`);
  return USAGE_EXIT_CODE;
}

async function runCommand(command: Command, words: readonly string[], { terminal, environment }: CommandLineHost): Promise<number> {
  const interruption = command.handlesSignals ? undefined : interruptible();
  let own: Promise<Engine> | undefined;
  let keeping: Promise<Engine> | undefined;
  let json = false;
  try {
    const { help, values, operands } = parseArguments(command, words);
    if (help) {
      terminal.stdout.write(commandHelp(command));
      return 0;
    }
    json = values["json"] === true;
    const engine: Call["engine"] = (options = {}) => {
      own ??= openEngine({ environment, ...options });
      return own;
    };
    const lasting = async (): Promise<Engine> => {
      const { openLasting } = await import("./server/open-lasting.js");
      keeping ??= openLasting(environment);
      return keeping;
    };
    const signal = interruption?.signal ?? new AbortController().signal;
    return (await command.run({ values, operands, terminal, engine, lasting, signal, environment })) ?? 0;
  } catch (error) {
    if (interruption?.caught) return 128 + constants.signals[interruption.caught];
    if (error instanceof UsageError) {
      terminal.stderr.write(`${error.message}\nSee \`caisson ${command.name} --help\`.\n`);
      return command.failureCode ?? USAGE_EXIT_CODE;
    }
    terminal.stderr.write(json ? `${JSON.stringify({ error: errorObject(error) })}\n` : `${describeError(error)}\n`);
    return exitCodeOf(error, command);
  } finally {
    interruption?.stop();
    for (const opened of [own, keeping]) await (await opened?.catch(() => undefined))?.close();
  }
}

/** Docker's, of a command that could not be executed for another reason than its file: its user, or its working directory. */
const NOT_EXECUTED = 126;

function exitCodeOf(error: unknown, command: Command): number {
  const own = command.failureCode;
  if (own !== undefined && (isCaissonError(error, "COMMAND_NOT_FOUND") || isCaissonError(error, "COMMAND_NOT_EXECUTABLE")))
    return error.facts.exitCode;
  if (own !== undefined && isCaissonError(error, "EXEC_FAILED")) return NOT_EXECUTED;
  return own ?? 1;
}

/** The first signal aborts the command, which then cleans up; the second one ends the process as if nobody listened. */
function interruptible(): { readonly signal: AbortSignal; readonly caught: "SIGINT" | "SIGTERM" | undefined; stop(): void } {
  const abort = new AbortController();
  let caught: "SIGINT" | "SIGTERM" | undefined;
  const stop = (): void => {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  };
  const interrupt = (signal: NodeJS.Signals): void => {
    if (caught) {
      stop();
      process.kill(process.pid, signal);
      return;
    }
    caught = signal as "SIGINT" | "SIGTERM";
    abort.abort(new Error(`Interrupted by ${signal}`));
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  return {
    signal: abort.signal,
    get caught() {
      return caught;
    },
    stop,
  };
}
