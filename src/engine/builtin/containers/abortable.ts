/** Waiting for promises that know nothing of signals or of time. */
import { abortError, throwIfAborted } from "../../errors.js";

/** @throws ABORTED */
export async function abortable<T>(promise: Promise<T>, operation: string, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  throwIfAborted(operation, signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(operation, signal));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
  }
}

/** True when the promise settles in time. */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
