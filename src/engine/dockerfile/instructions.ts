/** The instructions as data: what parsing yields and building reads. Values are as written; expansion comes when a step runs. */
import type { Heredoc } from "./logical-lines.js";
import type { NameValue } from "./words.js";

/** A command line in shell form (one string for the shell) or exec form. */
export interface CommandLine {
  readonly shell: boolean;
  readonly words: readonly string[];
}

export interface SourcesAndDestination {
  /** Paths, globs, URLs, in order; here-documents are in `heredocs`. */
  readonly sources: readonly string[];
  readonly heredocs: readonly Heredoc[];
  readonly destination: string;
}

/** COPY and ADD with their flags; those of the other one are absent. */
export interface CopyInstruction extends SourcesAndDestination {
  readonly keyword: "COPY" | "ADD";
  readonly from?: string | undefined;
  readonly chown?: string | undefined;
  readonly chmod?: string | undefined;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly keepGitDir: boolean;
  readonly checksum?: string | undefined;
  /** Undefined: local archives only. */
  readonly unpack?: boolean | undefined;
}

export interface RunInstruction {
  readonly keyword: "RUN";
  readonly command: CommandLine;
  readonly heredocs: readonly Heredoc[];
  /** Values of `--mount`, as written. */
  readonly mounts: readonly string[];
  readonly network?: "default" | "none" | "host" | undefined;
  readonly security?: "sandbox" | "insecure" | undefined;
  readonly devices: readonly string[];
}

export interface FromInstruction {
  readonly keyword: "FROM";
  readonly image: string;
  readonly name?: string | undefined;
  /** The name as it is written. */
  readonly writtenName?: string | undefined;
  readonly platform?: string | undefined;
  /** `AS` as it is written. */
  readonly as?: string | undefined;
}

/** Times in ms. */
export interface HealthcheckInstruction {
  readonly keyword: "HEALTHCHECK";
  readonly test: readonly string[];
  readonly intervalMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly startPeriodMs?: number | undefined;
  readonly startIntervalMs?: number | undefined;
  readonly retries?: number | undefined;
}

export type InstructionBody =
  | CopyInstruction
  | RunInstruction
  | FromInstruction
  | HealthcheckInstruction
  | { readonly keyword: "ENV" | "LABEL"; readonly pairs: readonly NameValue[] }
  | { readonly keyword: "ARG"; readonly args: readonly { readonly name: string; readonly value?: string | undefined }[] }
  | { readonly keyword: "CMD" | "ENTRYPOINT"; readonly command: CommandLine }
  | { readonly keyword: "SHELL"; readonly shell: readonly string[] }
  | { readonly keyword: "EXPOSE" | "VOLUME"; readonly words: readonly string[] }
  | { readonly keyword: "USER" | "STOPSIGNAL" | "MAINTAINER"; readonly value: string }
  | { readonly keyword: "WORKDIR"; readonly value: string }
  | { readonly keyword: "ONBUILD"; readonly expression: string };

export type Instruction = InstructionBody & {
  readonly line: number;
  readonly endLine: number;
  /** The line as it is written, continuations joined. */
  readonly original: string;
  /** The keyword as it is written. */
  readonly written: string;
  /** Those above it. */
  readonly comments: readonly string[];
};

/** The instruction of a keyword. */
export type InstructionOf<K extends InstructionBody["keyword"]> = Instruction extends infer I
  ? I extends Instruction
    ? K extends I["keyword"]
      ? I
      : never
    : never
  : never;
