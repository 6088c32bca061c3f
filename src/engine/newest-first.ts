/** The order of lists: what was made last comes first; of what was made at once, the order is always the same, whatever a daemon's is. */
export function newestFirst(a: Made, b: Made): number {
  return b.created.getTime() - a.created.getTime() || (a.id < b.id ? -1 : 1);
}

interface Made {
  readonly id: string;
  readonly created: Date;
}
