/** What a command of the command line is made of: its options as a table, and a function. One command a file, in commands/. */
import type { Engine } from "../engine/engine.js";
import type { OpenEngineOptions } from "../engine/open.js";
import type { Terminal } from "./terminal.js";

export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string | undefined;
  readonly multiple?: boolean | undefined;
  readonly help: string;
  /** What stands for the value in the help text. */
  readonly value?: string | undefined;
}

export type OptionTable = Readonly<Record<string, Option>>;

export type Values<T extends OptionTable> = {
  readonly [K in keyof T]?: (T[K] extends { readonly multiple: true } ? readonly string[] : ValueOf<T[K]["type"]>) | undefined;
};

/** `type` decides; a table of unknown options has values of either kind. */
type ValueOf<T extends Option["type"]> = T extends "boolean" ? boolean : string;

export interface Call<T extends OptionTable = OptionTable> {
  readonly values: Values<T>;
  /** What follows the options. */
  readonly operands: readonly string[];
  readonly terminal: Terminal;
  /** Opened by the first command that asks, closed when the command has ended. */
  readonly engine: (options?: Pick<OpenEngineOptions, "lasting">) => Promise<Engine>;
  /** The engine of containers that stay: a daemon that is named, else the server of the data root, started when none runs. */
  readonly lasting: () => Promise<Engine>;
  /** Fires when the user interrupts the command. */
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
}

export interface Command<T extends OptionTable = OptionTable> {
  readonly name: string;
  readonly aliases?: readonly string[] | undefined;
  readonly summary: string;
  /** Operands as the help text shows them, e.g. `IMAGE [IMAGE...]`. */
  readonly operands: string;
  readonly least: number;
  readonly most: number;
  readonly options: T;
  /** Docker's flags that are not served, by name, with the reason. */
  readonly refuses?: Readonly<Record<string, string>> | undefined;
  /** Options end at the first operand: what follows is another program's command line. */
  readonly stopsAtOperand?: boolean | undefined;
  /** Deals with SIGINT and its like itself. */
  readonly handlesSignals?: boolean | undefined;
  /** Exit code of a failure that is Caisson's own. @default 1 */
  readonly failureCode?: number | undefined;
  /** @returns the exit code, 0 when undefined */
  run(call: Call<T>): Promise<number | undefined>;
}

/** Commands about one kind of thing. The names of its commands begin with its own: `volume ls`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** May also stand before the name of the command, whose options they are. */
  readonly options?: OptionTable | undefined;
  readonly commands: readonly Command[];
}

/** Keeps the option table's literal types for `run`, and forgets them for the list of commands. */
export function defineCommand<const T extends OptionTable>(command: Command<T>): Command {
  return command as unknown as Command;
}

export function isGroup(command: Command | CommandGroup): command is CommandGroup {
  return "commands" in command;
}

export const JSON_OPTION = { type: "boolean", help: "print JSON" } as const;
export const QUIET_OPTION = { type: "boolean", short: "q", help: "print ids alone, and no progress" } as const;
export const CONTENT_TRUST_OPTION = { type: "boolean", help: "as always: digests are verified, signatures are not" } as const;
export const PLATFORM_OPTION = { type: "string", value: "OS/ARCH[/VARIANT]", help: "choose the image for this platform" } as const;
