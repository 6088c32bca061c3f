/** Resource limits by Docker's `--ulimit` names: the numbers that setrlimit(2) knows them by, and what is checked of their values. Pure. */
import type { ContainerSpec } from "../engine.js";
import { optionError } from "../errors.js";

export const ULIMITS: Readonly<Record<string, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

/** @param ulimits -1 is unlimited @throws OPTION_INVALID */
export function validateUlimits(ulimits: NonNullable<ContainerSpec["ulimits"]>): void {
  for (const { name, soft, hard } of ulimits) {
    if (!Object.hasOwn(ULIMITS, name)) throw optionError("ulimits", name, "the name of a resource", Object.keys(ULIMITS));
    if (hard !== -1 && (soft === -1 || soft > hard)) throw optionError(`ulimits.${name}`, soft, `at most the hard limit, ${hard}`);
  }
}
