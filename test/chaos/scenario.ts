import type { Leaks } from "./leftovers.js";
import type { World } from "./world.js";

export interface Scenario {
  readonly name: string;
  run(world: World): Promise<Outcome>;
}

/** A line of the table. */
export interface Outcome extends Leaks {
  readonly rounds: number;
  /** Where in its work the victim was when the fault came. A fault that is there all the time counts as `during`. */
  readonly before: number;
  readonly during: number;
  readonly after: number;
  readonly files: number;
  readonly damaged: number;
  readonly failed: number;
  /** Ends that nobody could catch: no CaissonError, or none in time. */
  readonly untyped: number;
  readonly hung: number;
}

/** Those that must be zero. */
export const FINDINGS = [
  "processes",
  "cgroups",
  "mounts",
  "namespaces",
  "ports",
  "sessions",
  "files",
  "damaged",
  "failed",
  "untyped",
  "hung",
] as const satisfies readonly (keyof Outcome)[];

/** Counts, and says at once what it finds. */
export class Tally {
  readonly #counts: Record<keyof Outcome, number> = {
    ...{ rounds: 0, before: 0, during: 0, after: 0 },
    ...(Object.fromEntries(FINDINGS.map((name) => [name, 0])) as Record<(typeof FINDINGS)[number], number>),
  };
  readonly #codes = new Map<string, number>();

  constructor(readonly name: string) {}

  round(phase: "before" | "during" | "after"): void {
    this.#counts.rounds++;
    this.#counts[phase]++;
  }

  find(what: (typeof FINDINGS)[number], count: number, facts: string): void {
    if (count === 0) return;
    this.#counts[what] += count;
    console.log(`${this.name}, round ${this.#counts.rounds}: ${count} ${what}: ${facts}`);
  }

  /** How an operation ended, for the line below the table. */
  ended(how: string): void {
    this.#codes.set(how, (this.#codes.get(how) ?? 0) + 1);
  }

  get ends(): string {
    return [...this.#codes].map(([how, count]) => `${how} ${count}`).join(", ");
  }

  outcome(): Outcome {
    if (this.ends) console.log(`${this.name}: ${this.ends}`);
    return { ...this.#counts };
  }
}
