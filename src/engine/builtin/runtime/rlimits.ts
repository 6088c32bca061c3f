/** Resource limits by Docker's `--ulimit` names (setrlimit(2)). */
import { optionError } from "../../errors.js";
import type { Plan } from "../supervisor/codec.js";

const RESOURCES: Readonly<Record<string, number>> = {
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

export interface Ulimit {
  readonly name: string;
  /** -1 for unlimited. */
  readonly soft: number;
  readonly hard: number;
}

/**
 * A limit that the host refuses (raising a hard limit needs CAP_SYS_RESOURCE) is clamped with a warning, as the rest of the container
 * does not depend on it.
 * @throws OPTION_INVALID
 */
export function planRlimits(ulimits: readonly Ulimit[]): Plan {
  return ulimits.map(({ name, soft, hard }) => {
    const resource = RESOURCES[name];
    if (resource === undefined) throw optionError("ulimits", name, "the name of a resource", Object.keys(RESOURCES));
    if (hard !== -1 && (soft === -1 || soft > hard)) throw optionError(`ulimits.${name}`, soft, `at most the hard limit, ${hard}`);
    return { op: "RLIMIT", resource, soft: toLimit(soft), hard: toLimit(hard), optional: true };
  });
}

/** RLIM_INFINITY is the largest unsigned 64-bit number, which -1 becomes on the wire. */
function toLimit(value: number): bigint {
  return BigInt(value);
}
