/**
 * A fault that is there from the beginning: too small a disk, too few descriptors, processes or bytes of memory. The victim's work ends with
 * success or a CaissonError, in time, or the kernel kills it; afterwards nothing is left and, with the fault gone, everything works.
 */

import { kill } from "./cage.js";
import { findLeaks } from "./kill-rounds.js";
import { heldBy } from "./leftovers.js";
import type { Outcome, Scenario } from "./scenario.js";
import { Tally } from "./scenario.js";
import { Victim, type VictimOptions } from "./victim.js";
import { Hang } from "./within.js";
import { checkHome, filesLeftIn, type World } from "./world.js";

export interface Fault {
  readonly name: string;
  /** Of `victim.mjs`. */
  readonly operations: readonly string[];
  /** Where the victim works. @default a data root with busybox, for all rounds */
  home?(world: World, random: () => number): Promise<FaultyHome>;
  /** Sets the fault, for a victim that is about to start. */
  set?(world: World, round: number): SetFault;
}

export interface FaultyHome extends Disposable {
  readonly home: string;
}

export interface SetFault extends Partial<Pick<VictimOptions, "wrapper" | "env">> {
  readonly what: string;
  /** Once the victim is ready. */
  strike?(): void;
  undo?(): void;
  /** The kernel may end the victim, or keep Node itself from starting. */
  readonly mayKill?: boolean;
}

export function faultRounds({ name, operations, home: faultyHome, set }: Fault): Scenario {
  return {
    name,
    async run(world): Promise<Outcome> {
      const tally = new Tally(name);
      const reference = await world.reference();
      const lasting = faultyHome ? undefined : await world.newHome();
      for (let round = 0; round < world.rounds; round++) {
        const place = lasting ? undefined : await faultyHome!(world, world.random);
        const home = lasting ?? place!.home;
        try {
          const operation = operations[round % operations.length]!;
          await oneRound(world, tally, { home, operation, reference, fault: set?.(world, round) ?? { what: name } });
          if (place) await countFiles(tally, home);
        } finally {
          place?.[Symbol.dispose]();
        }
      }
      if (lasting) await countFiles(tally, lasting);
      return tally.outcome();
    },
  };
}

interface Round {
  readonly home: string;
  readonly operation: string;
  readonly reference: string;
  readonly fault: SetFault;
}

async function oneRound(world: World, tally: Tally, { home, operation, reference, fault }: Round): Promise<void> {
  const { cage, context, dockerfileText } = world;
  const what = `${operation}, ${fault.what}`;
  const victim = new Victim(cage, {
    home,
    operation,
    needs: { reference, context, dockerfileText },
    wrapper: fault.wrapper,
    env: fault.env,
  });
  let held = heldBy([]);
  try {
    const ready = await victim.prepare();
    let ended = ready;
    if (ready?.ready) {
      fault.strike?.();
      victim.begin();
      ended = await victim.outcome();
      held = heldBy(cage.processes());
    }
    tally.round(ready?.ready ? "during" : "before");
    const how = ended?.done ? "done" : ended?.code;
    tally.ended(how ?? (ended?.untyped ? "untyped" : "killed"));
    if (how === undefined && (!fault.mayKill || ended?.untyped)) tally.find("untyped", 1, `${what}: ${ended?.untyped ?? victim.stderr}`);
    await victim.finish();
  } catch (error) {
    tally.find(error instanceof Hang ? "hung" : "failed", 1, `${what}: ${error}`);
    kill(victim.pid);
  }
  fault.undo?.();
  await findLeaks(world, tally, home, held, what);
  const { damaged, failed } = await checkHome(home);
  tally.find("damaged", damaged.length, `${what}: ${damaged.join("; ")}`);
  tally.find("failed", failed.length, `${what}: ${failed.join("; ")}`);
}

async function countFiles(tally: Tally, home: string): Promise<void> {
  const files = await filesLeftIn(home);
  tally.find("files", files.length, files.join(", "));
}
