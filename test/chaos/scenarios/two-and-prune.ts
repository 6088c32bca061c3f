/** Two sessions that work, and whatever prunes, at once on one data root. Nobody notices anybody. */
import { openEngine } from "../../../src/engine/open.js";
import { commandLine } from "../../fixtures/command-line.js";
import { kill } from "../cage.js";
import { findLeaks } from "../kill-rounds.js";
import { heldBy } from "../leftovers.js";
import { type Scenario, Tally } from "../scenario.js";
import { BOUND_MS, Victim } from "../victim.js";
import { Hang, within } from "../within.js";
import { checkHome, filesLeftIn, type World } from "../world.js";

const NAME = "two sessions and a prune";

export const twoAndPrune: Scenario = {
  name: NAME,
  async run(world) {
    const tally = new Tally(NAME);
    const home = await world.newHome();
    const reference = await world.reference();
    for (let round = 0; round < world.rounds; round++) {
      await oneRound(world, tally, home, reference);
      const { damaged, failed } = await checkHome(home);
      tally.find("damaged", damaged.length, damaged.join("; "));
      tally.find("failed", failed.length, failed.join("; "));
    }
    const files = await filesLeftIn(home);
    tally.find("files", files.length, files.join(", "));
    return tally.outcome();
  },
};

async function oneRound(world: World, tally: Tally, home: string, reference: string): Promise<void> {
  const { cage, context, dockerfileText } = world;
  const victims = [0, 1].map(() => new Victim(cage, { home, operation: "work", needs: { reference, context, dockerfileText } }));
  let held = heldBy([]);
  try {
    await Promise.all(victims.map((victim) => victim.prepare()));
    for (const victim of victims) victim.begin();
    const ends = Promise.all(victims.map((victim) => victim.outcome()));
    await Promise.all([pruneUntil(ends, home), pruneByCommandLine(tally, home)]);
    held = heldBy(cage.processes());
    tally.round("during");
    for (const end of await ends) {
      tally.ended(end?.done ? "done" : (end?.code ?? "untyped"));
      if (!end?.done) tally.find("failed", 1, JSON.stringify(end));
    }
    await Promise.all(victims.map((victim) => victim.finish()));
  } catch (error) {
    tally.find(error instanceof Hang ? "hung" : "failed", 1, String(error));
    for (const { pid } of victims) kill(pid);
  }
  await findLeaks(world, tally, home, held, NAME);
}

async function pruneUntil(ends: Promise<unknown>, home: string): Promise<void> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  ends.then(end, end);
  await using engine = await openEngine({ home });
  while (!over) {
    const { images, volumes, networks, containers } = engine;
    await within(
      BOUND_MS,
      "prune",
      Promise.all([images.prune(), images.pruneBuilds(), volumes.prune(), networks.prune(), containers.prune()]),
    );
  }
}

async function pruneByCommandLine(tally: Tally, home: string): Promise<void> {
  const { code, stderr } = await within(
    BOUND_MS,
    "builder prune",
    commandLine(home, { CAISSON_ENGINE: "builtin" }).run(["builder", "prune"]),
  );
  if (code !== 0) tally.find("failed", 1, `builder prune: ${stderr}`);
}
