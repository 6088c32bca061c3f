/** Programs that can't be started for want of file descriptors. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * Where there are no descriptors left (EMFILE, ENFILE), `spawn` gives a child without any streams, and tells why a moment later. To be asked
 * right after it.
 * @returns why, once that is known; undefined for a child that has its streams
 */
export function lacksPipes(child: ChildProcess): Promise<Error> | undefined {
  if ((child as { readonly stdio?: unknown }).stdio !== undefined) return undefined;
  return once(child, "error").then(([error]) => error as Error);
}
