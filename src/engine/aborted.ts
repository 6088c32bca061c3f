/** A signal as a promise. */

/** Resolves when the signal fires, and never where there is none. @param ended nobody waits any more: the listener goes */
export function aborted(signal: AbortSignal | undefined, ended?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true, ...(ended ? { signal: ended } : {}) });
  });
}
