/** Errors with a place: file, line and column, the line itself, what was expected. */

import { withoutCredentials } from "../build-context/url-credentials.js";
import { CaissonError } from "../errors.js";

export interface Location {
  /** As the user named it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, where it is known. */
  readonly column?: number | undefined;
}

export interface Problem {
  /** The line as it is written. */
  readonly source?: string | undefined;
  readonly expected?: string | undefined;
  readonly allowed?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** `Dockerfile:3:5` */
export function formatLocation({ file, line, column }: Location): string {
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

export function dockerfileError(at: Location, problem: string, details: Problem = {}): CaissonError<"DOCKERFILE_INVALID"> {
  const { source, expected, allowed, cause } = details;
  const evidence = [
    ...(source === undefined ? [] : [`${at.line} | ${withoutCredentials(source)}`]),
    ...(expected === undefined ? [] : [`Expected: ${expected}`]),
    ...(allowed === undefined ? [] : [`Allowed: ${allowed.join(", ")}`]),
  ];
  const nearest = allowed && nearestName(/: (\S+)$/.exec(problem)?.[1] ?? "", allowed);
  return new CaissonError("DOCKERFILE_INVALID", `${formatLocation(at)}: ${withoutCredentials(problem)}`, {
    facts: { file: at.file, line: at.line, column: at.column },
    evidence,
    cause,
    remedy: nearest && `Did you mean ${nearest}?`,
  });
}

/** The name that takes at most two edits, if there is one; the first of equals. */
export function nearestName(name: string, known: readonly string[], caseSensitive = false): string | undefined {
  const folded = (text: string): string => (caseSensitive ? text : text.toLowerCase());
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(folded(name), folded(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  return best && best.distance > 0 && best.distance <= 2 ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + change));
    }
    previous = current;
  }
  return previous[b.length]!;
}
