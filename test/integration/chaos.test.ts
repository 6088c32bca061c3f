/** A few rounds of each scenario of `npm run chaos`, from a seed that stays: what is killed and starved here leaves nothing either. */
import { expect, it } from "vitest";
import { randomFrom } from "../chaos/random.js";
import { FINDINGS } from "../chaos/scenario.js";
import { SCENARIOS } from "../chaos/scenarios/index.js";
import { openWorld } from "../chaos/world.js";

/** One of each who is killed. */
const ROUNDS = 4;
const FEWER = 2;

it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", async (name, scenario) => {
  await using world = await openWorld(randomFrom(name.length), name.startsWith("kill") ? ROUNDS : FEWER);
  const outcome = await scenario.run(world);
  expect(Object.fromEntries(FINDINGS.map((finding) => [finding, outcome[finding]]))).toEqual(
    Object.fromEntries(FINDINGS.map((finding) => [finding, 0])),
  );
});
