/** Every scenario, in the order in which they run; another one is a file here and a line there. */
import type { Scenario } from "../scenario.js";
import { clockJump } from "./clock.js";
import { diskFull } from "./disk-full.js";
import { kills } from "./kills.js";
import { fewDescriptors, fewProcesses, littleMemory } from "./limits.js";
import { twoAndPrune } from "./two-and-prune.js";

export const SCENARIOS: readonly Scenario[] = [...kills, diskFull, fewDescriptors, fewProcesses, littleMemory, clockJump, twoAndPrune];
