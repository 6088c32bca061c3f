/** `npm run chaos`: kills, starves and confuses what others rely on, and counts what is left. Exit code 1 where that is anything. */
import { parseArgs } from "node:util";
import { randomFrom } from "./random.js";
import { FINDINGS, type Outcome } from "./scenario.js";
import { SCENARIOS } from "./scenarios/index.js";
import { formatOutcomes } from "./table.js";
import { openWorld } from "./world.js";

const USAGE = `npm run chaos -- [--rounds N] [--seed N] [--only NAME,...]
Names, or a part of them: ${SCENARIOS.map(({ name }) => name).join(", ")}`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: "string" }, seed: { type: "string" }, only: { type: "string" } } });
  const rounds = count(values.rounds ?? "200", "--rounds");
  const seed = count(values.seed ?? String(Math.floor(Math.random() * 2 ** 31)), "--seed");
  const only = values.only?.split(",");
  const chosen = SCENARIOS.filter(({ name }) => !only || only.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`There is no ${values.only}.`);
  console.log(`${rounds} rounds of each, --seed ${seed}`);
  const outcomes: [string, Outcome][] = [];
  for (const scenario of chosen) {
    // From the seed and its name, so that one alone does what it did in company.
    await using world = await openWorld(randomFrom(seed ^ hash(scenario.name)), rounds);
    endWith(world);
    const began = performance.now();
    outcomes.push([scenario.name, await scenario.run(world)]);
    console.log(`${scenario.name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  console.log(`\n${formatOutcomes(outcomes)}`);
  if (outcomes.some(([, outcome]) => FINDINGS.some((finding) => outcome[finding] > 0))) process.exitCode = 1;
}

/** Ctrl-C leaves nothing behind either. */
function endWith(world: AsyncDisposable): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.removeAllListeners(signal);
    process.once(signal, () => void world[Symbol.asyncDispose]().then(() => process.exit(1)));
  }
}

function count(text: string, option: string): number {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`${option} takes a positive integer, not ${text}`);
  return number;
}

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 0);
}

main().catch((error: unknown) => {
  console.error(error);
  console.error(USAGE);
  process.exitCode = 1;
});
