/** Work on services that need each other: each begins once those before it have ended, and all others at once. */

/**
 * What needs one that failed is not begun; what doesn't is brought to its end.
 * @throws the first failure
 */
export async function eachInOrder(
  names: readonly string[],
  before: (name: string) => Iterable<string>,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const among = new Set(names);
  const begun = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const run = (name: string): Promise<void> => {
    const known = begun.get(name);
    if (known) return known;
    const task = Promise.all([...before(name)].filter((other) => among.has(other) && other !== name).map(run)).then(() =>
      work(name).catch((error: unknown) => {
        failures.push(error);
        throw error;
      }),
    );
    begun.set(name, task);
    return task;
  };
  await Promise.allSettled(names.map(run));
  if (failures.length > 0) throw failures[0];
}
