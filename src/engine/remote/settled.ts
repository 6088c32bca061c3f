/** Looking at what the daemon is about to learn. */
import { setTimeout as sleep } from "node:timers/promises";

/** The end of a process's streams comes a moment before the daemon knows of the exit. */
const LAG_MS = [1, 2, 4, 8, 16, 32, 64, 128];

/** What `look` sees once it is `settled`, or in the end. */
export async function lookUntil<T>(look: () => Promise<T>, settled: (seen: T) => boolean): Promise<T> {
  let seen = await look();
  for (const pause of LAG_MS) {
    if (settled(seen)) break;
    await sleep(pause);
    seen = await look();
  }
  return seen;
}

/**
 * Daemons keep the streams of a process open as long as that runs, also of one that has closed its own: where they ended and no exit is told
 * for so long, somebody on the way has cut them.
 */
export const CUT_MS = 5000;
export const CUT = "the streams ended, and the process goes on";
