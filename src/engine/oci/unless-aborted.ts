/** Waiting for something that knows nothing of signals. */
import { abortError } from "../errors.js";

/** As the promise, or ABORTED as soon as the signal fires; what comes of the promise after that is nobody's affair. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined, operation: string): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(abortError(operation, signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise
      .then(resolve, (error: unknown) => reject(signal.aborted ? abortError(operation, signal) : error))
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
