/** What a test process may be short of. As root, RLIMIT_NPROC holds nobody back (setrlimit(2)): the cgroup's limit does. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { faultRounds, type SetFault } from "../fault-rounds.js";
import { between } from "../random.js";
import type { World } from "../world.js";

/** Node itself needs some twenty. */
export const fewDescriptors = faultRounds({
  name: "descriptor limit",
  operations: ["work", "start", "pull", "build"],
  set({ random }) {
    const most = between(random, 20, 72);
    return { what: `${most} descriptors`, wrapper: ["prlimit", `--nofile=${most}:${most}`], mayKill: true };
  },
});

/** Node itself has eleven threads. */
export const fewProcesses = faultRounds({
  name: "process limit",
  operations: ["work", "start", "pull", "build"],
  set: (world) => limited(world, "pids", "pids.max", between(world.random, 10, 30), "max"),
});

/** The kernel picks whom it kills: Node, mostly, or the supervisor, or a container. */
export const littleMemory = faultRounds({
  name: "memory limit",
  operations: ["hoard", "work", "build"],
  set: (world) => limited(world, "memory", "memory.limit_in_bytes", between(world.random, 36, 90) << 20, "-1"),
});

function limited({ cage }: World, controller: string, file: string, most: number, unlimited: string): SetFault {
  const directory = cage.controller(controller);
  if (directory === undefined) throw new Error(`this machine has no v1 hierarchy of ${controller}`);
  const place = path.join(directory, file);
  return {
    what: `${file} ${most}`,
    mayKill: true,
    strike: () => writeFileSync(place, String(most)),
    undo: () => writeFileSync(place, unlimited),
  };
}
