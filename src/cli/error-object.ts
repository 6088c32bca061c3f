/** Errors as text and as JSON. */
import { CaissonError } from "../engine/errors.js";

export function describeError(error: unknown): string {
  if (error instanceof CaissonError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

export function errorObject(error: unknown): unknown {
  if (!(error instanceof CaissonError)) return { message: describeError(error) };
  const { code, summary, evidence, remedy, facts } = error;
  return { code, summary, evidence, remedy, facts };
}
