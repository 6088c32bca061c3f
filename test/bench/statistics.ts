/** Order statistics over samples, and the judgement of a row against its limits. Pure. */

export interface Summary {
  readonly count: number;
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
}

/** Linear interpolation between closest ranks (Hyndman and Fan's type 7). `samples` must not be empty. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = (sorted.length - 1) * q;
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  if (below === undefined || above === undefined) throw new RangeError("quantile of no samples");
  return below + (above - below) * (rank - Math.floor(rank));
}

export function summarize(samples: readonly number[]): Summary | undefined {
  if (samples.length === 0) return undefined;
  return { count: samples.length, p10: quantile(samples, 0.1), median: quantile(samples, 0.5), p90: quantile(samples, 0.9) };
}

/**
 * What a row promises. `times-faster` and `share` compare with the reference in the same run, the others are absolute.
 * `share` is for figures where more is better: at least so large a part of the reference.
 */
export type Limit =
  | { readonly kind: "times-faster"; readonly factor: number }
  | { readonly kind: "share"; readonly part: number }
  | { readonly kind: "at-most"; readonly value: number }
  | { readonly kind: "at-least"; readonly value: number };

/** Undefined where the limit needs a reference that wasn't measured. */
export function meets(limit: Limit, ours: number, reference: number | undefined): boolean | undefined {
  if (limit.kind === "at-most") return ours <= limit.value;
  if (limit.kind === "at-least") return ours >= limit.value;
  if (reference === undefined) return undefined;
  return limit.kind === "times-faster" ? reference / ours >= limit.factor : ours / reference >= limit.part;
}
