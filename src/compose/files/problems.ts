/** What is wrong with the files of a project, gathered so that all of it is told at once. */
import { CaissonError } from "../../engine/errors.js";
import { type Place, placeText } from "./tree.js";

export interface Problem {
  readonly place: Place;
  /** Of the key, from the root of the file: `services.web.ports[0]`. */
  readonly path: string;
  readonly message: string;
}

export class Problems {
  readonly #all: Problem[] = [];
  /** Places of values that are not what they would be: whatever else is wrong with them follows from that. */
  readonly #unresolved = new Set<string>();

  add(place: Place, path: string, message: string): void {
    const at = placeText(place);
    if (this.#unresolved.has(at) || this.#all.some((each) => each.message === message && placeText(each.place) === at)) return;
    this.#all.push({ place, path, message });
  }

  /** Of a value whose variables can't be filled in. */
  addUnresolved(place: Place, path: string, message: string): void {
    this.add(place, path, message);
    this.#unresolved.add(placeText(place));
  }

  /** Where more than values is wrong: what would be read of the rest is not what was meant. @throws COMPOSE_INVALID */
  throwIfBroken(): void {
    if (this.#all.some(({ place }) => !this.#unresolved.has(placeText(place)))) this.throwIfAny();
  }

  /** @throws COMPOSE_INVALID with all of them, in the order of the files */
  throwIfAny(): void {
    if (this.#all.length === 0) return;
    const files = [...new Set(this.#all.map(({ place }) => place.source.name))];
    const sorted = [...this.#all].sort(
      (a, b) =>
        files.indexOf(a.place.source.name) - files.indexOf(b.place.source.name) ||
        a.place.line - b.place.line ||
        a.place.column - b.place.column,
    );
    const [first] = sorted;
    const line = ({ place, path, message }: Problem): string => `${placeText(place)}: ${path ? `${path}: ` : ""}${message}`;
    throw new CaissonError(
      "COMPOSE_INVALID",
      sorted.length === 1 ? line(first!) : `The Compose file${files.length > 1 ? "s have" : " has"} ${sorted.length} problems`,
      {
        facts: {
          problems: sorted.map(({ place: { source, line: at, column }, path, message }) => ({
            file: source.name,
            line: at,
            column,
            path,
            message,
          })),
        },
        evidence: sorted.length === 1 ? [] : sorted.map(line),
        remedy: "Change what is named; `caisson compose config` checks the files and shows what they say together.",
      },
    );
  }
}

/** `; did you mean "ports"?` where a known name is a typing error away, else nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const most = Math.max(1, Math.min(3, Math.floor(name.length / 3)));
  const near = known
    .map((word) => ({ word, distance: distance(name.toLowerCase().replaceAll("-", "_"), word.toLowerCase()) }))
    .filter(({ word, distance: far }) => far <= most && far < word.length)
    .sort((a, b) => a.distance - b.distance);
  const [best] = near;
  return best === undefined ? "" : `; did you mean ${JSON.stringify(best.word)}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours (Damerau-Levenshtein, optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
