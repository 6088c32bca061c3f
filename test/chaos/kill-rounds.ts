/**
 * kill -9 at a random moment of an operation, drawn from how long the operation takes when nobody disturbs it. In turn of Node, of the
 * supervisor, of both, and of every process of the session at once, its warden too: then the next session has to clean up.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Engine } from "../../src/engine/engine.js";
import { kill } from "./cage.js";
import { type Held, heldBy, leaksOf, processesGone, sessionsIn } from "./leftovers.js";
import { type Outcome, type Scenario, Tally } from "./scenario.js";
import { Victim } from "./victim.js";
import { Hang } from "./within.js";
import { ageSessions, checkHome, filesLeftIn, type World } from "./world.js";

const WHO = ["node", "supervisor", "both", "all"] as const;
/** Some moments are after the end: what is finished must stay. */
const BEYOND = 1.15;
const MEASURED = 3;

export interface Killed {
  readonly operation: string;
  needs?(world: World): Promise<object>;
  /** The same operation, by the next one. */
  again?(engine: Engine, needs: object): Promise<unknown>;
}

export function killsDuring({ operation, needs: needed, again }: Killed): Scenario {
  return {
    name: `kill during ${operation}`,
    async run(world): Promise<Outcome> {
      const tally = new Tally(this.name);
      const home = await world.newHome();
      const needs = (await needed?.(world)) ?? {};
      const duration = await durationOf(world, home, operation, needs);
      for (let round = 0; round < world.rounds; round++) {
        const moment = world.random() * duration * BEYOND;
        await oneRound(world, tally, { home, operation, needs, moment, who: WHO[round % WHO.length]!, again });
      }
      const files = await filesLeftIn(home);
      tally.find("files", files.length, files.join(", "));
      return tally.outcome();
    },
  };
}

async function durationOf({ cage }: World, home: string, operation: string, needs: object): Promise<number> {
  const victim = new Victim(cage, { home, operation, needs: { ...needs, repeat: MEASURED } });
  await victim.prepare();
  victim.begin();
  await victim.line("last round", ({ failed }) => failed === true || victim.said.filter(({ done }) => done).length === MEASURED);
  await victim.finish();
  const times = victim.said.flatMap(({ ms }) => ms ?? []).sort((a, b) => a - b);
  if (times.length < MEASURED)
    throw new Error(`${operation} fails when nobody disturbs it: ${JSON.stringify(victim.said)} ${victim.stderr}`);
  return times[Math.floor(MEASURED / 2)]!;
}

interface Round {
  readonly home: string;
  readonly operation: string;
  readonly needs: object;
  /** Milliseconds after the beginning. */
  readonly moment: number;
  readonly who: (typeof WHO)[number];
  readonly again: Killed["again"];
}

async function oneRound(world: World, tally: Tally, { home, operation, needs, moment, who, again }: Round): Promise<void> {
  const { cage } = world;
  const victim = new Victim(cage, { home, operation, needs });
  let held: Held = heldBy([]);
  try {
    const ready = await victim.prepare();
    if (!ready?.ready) throw new Error(`not ready: ${JSON.stringify(ready)} ${victim.stderr}`);
    victim.begin();
    await delay(moment);
    held = heldBy(cage.processes());
    const alive = !victim.said.some(({ failed }) => failed);
    for (const pid of targets(who, victim.pid, ready.supervisor!, cage.processes({ direct: true }))) kill(pid);
    tally.round(victim.said.some(({ done }) => done) ? "after" : "during");
    if (!alive) tally.find("failed", 1, JSON.stringify(victim.said));
    if (who === "supervisor") await seesItsSupervisorDie(victim, tally);
    await victim.ended();
  } catch (error) {
    tally.find(error instanceof Hang ? "hung" : "failed", 1, `${who} killed after ${moment.toFixed(1)} ms: ${error}`);
    kill(victim.pid);
  }
  if (who === "all") {
    // A lock that one who is dying still holds would keep the next session from cleaning up.
    await processesGone(world.cage);
    await ageSessions(home);
  } else await findLeaks(world, tally, home, held, `${who} killed after ${moment.toFixed(1)} ms`);
  const { damaged, failed } = await checkHome(home, again && ((engine) => again(engine, needs)));
  tally.find("damaged", damaged.length, damaged.join("; "));
  tally.find("failed", failed.length, failed.join("; "));
  if (who === "all") await findLeaks(world, tally, home, held, `all killed after ${moment.toFixed(1)} ms, and the next session`);
}

function targets(who: Round["who"], node: number, supervisor: number, all: readonly number[]): readonly number[] {
  return { node: [node], supervisor: [supervisor], both: [supervisor, node], all: [node, ...all] }[who];
}

/** What waits must be told; what has been told already, ends by itself. */
async function seesItsSupervisorDie(victim: Victim, tally: Tally): Promise<void> {
  const said = await victim.outcome();
  const how = said?.done ? "done" : (said?.code ?? said?.untyped ?? "no word");
  tally.ended(how);
  if (!said?.done && said?.code === undefined) tally.find("untyped", 1, `${how} ${victim.stderr}`);
  await victim.finish();
}

export async function findLeaks({ cage }: World, tally: Tally, home: string, held: Held, when: string): Promise<void> {
  const leaks = await leaksOf(home, cage, held);
  for (const [what, count] of Object.entries(leaks) as [keyof typeof leaks, number][])
    tally.find(what, count, what === "sessions" ? `${when}: ${sessionsIn(home).join(", ")}` : when);
}
