/** What the supervisor answers when it could not carry out a request: facts for whoever turns them into a public error. */
import { getSystemErrorMap } from "node:util";
import { CaissonError } from "../../errors.js";
import type { Fields } from "./codec.js";
import { Phase, Tag } from "./protocol.js";

/** Thrown by `Supervisor.request()`; never leaves the engine. */
export class SupervisorFailure extends Error {
  override readonly name = "SupervisorFailure";

  constructor(
    /** Positive errno value. */
    readonly errno: number,
    /** What was being done, in the supervisor's words. */
    readonly doing: string,
    /** One of {@link Phase}. */
    readonly phase: number,
    /** Index of the failed operation in its plan. */
    readonly operation: number | undefined,
    /** Name of the tar entry at fault. */
    readonly entry: string | undefined,
  ) {
    super(`${doing}: ${describeErrno(errno)}`);
  }

  static fromReply(fields: Fields): SupervisorFailure {
    return new SupervisorFailure(
      fields.u64(Tag.ERRNO) ?? 0,
      fields.text(Tag.TEXT) ?? "",
      fields.u64(Tag.PHASE) ?? Phase.REQUEST,
      fields.u64(Tag.OP),
      fields.text(Tag.ENTRY),
    );
  }

  /** `"ENOENT"`. */
  get code(): string {
    return errnoName(this.errno);
  }

  /** This host gave no process, memory or descriptor for it: whatever was being read is not at fault. */
  get isShortage(): boolean {
    return ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"].includes(this.code);
  }

  /** As a public error where nothing more specific fits. */
  asError(operation: string): CaissonError<"SUPERVISOR_ERROR"> {
    return new CaissonError("SUPERVISOR_ERROR", `${operation} failed: ${this.message}`, {
      facts: { operation, errno: this.code },
      cause: this,
    });
  }
}

/** For a `catch` where a shortage is the only failure that nobody has better words for: as a public error; others as they are. */
export function tellShortage(operation: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof SupervisorFailure && error.isShortage ? error.asError(operation) : error;
  };
}

/** `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;
}

/** `no such file or directory (ENOENT)` for 2. */
export function describeErrno(errno: number): string {
  const [name, text] = getSystemErrorMap().get(-errno) ?? [];
  return name === undefined ? `errno ${errno}` : `${text} (${name})`;
}
