/** Resource limits by Docker's `--ulimit` names, as steps of a plan. */
import { ULIMITS } from "../../spec/ulimits.js";
import type { Plan } from "../supervisor/codec.js";

export interface Ulimit {
  readonly name: string;
  /** -1 for unlimited. */
  readonly soft: number;
  readonly hard: number;
}

/**
 * A limit that the host refuses (raising a hard limit needs CAP_SYS_RESOURCE) is clamped with a warning, as the rest of the container
 * does not depend on it.
 * @param ulimits whose names are known, as `validateUlimits` has seen
 */
export function planRlimits(ulimits: readonly Ulimit[]): Plan {
  return ulimits.map(({ name, soft, hard }) => ({
    op: "RLIMIT",
    resource: ULIMITS[name]!,
    soft: toLimit(soft),
    hard: toLimit(hard),
    optional: true,
  }));
}

/** RLIM_INFINITY is the largest unsigned 64-bit number, which -1 becomes on the wire. */
function toLimit(value: number): bigint {
  return BigInt(value);
}
