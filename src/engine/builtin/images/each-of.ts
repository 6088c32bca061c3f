/** A bounded number of pieces of work at once. */
import { setMaxListeners } from "node:events";
import { throwIfAborted } from "../../errors.js";

/**
 * Works on `limit` items at a time. The first failure stops the others, and is thrown once they have stopped.
 * @param operation names the whole in ABORTED
 */
export async function eachOf<T>(
  items: readonly T[],
  limit: number,
  operation: string,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  throwIfAborted(operation, signal);
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  // Each piece listens in several places, and lets go: Node would warn of a leak.
  setMaxListeners(0, either);
  const queue = items.values();
  let failure: { error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (either.aborted) return;
      await work(item, either).catch((error: unknown) => {
        failure ??= { error };
        stop.abort();
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  throwIfAborted(operation, signal);
  if (failure) throw failure.error;
}
