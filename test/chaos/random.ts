/** Numbers that look random and come again for the same seed (mulberry32, public domain): a run that found something can be repeated. */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** From `low` up to, but not including, `high`. */
export function between(random: Random, low: number, high: number): number {
  return Math.floor(low + random() * (high - low));
}
