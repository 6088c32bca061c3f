/** The set of capabilities that a container gets (Docker's default list). */
import { optionError } from "../../errors.js";
import { CAPABILITIES, plainCapability } from "../../spec/capability-names.js";

/** Docker's fourteen. */
const DEFAULT =
  "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE".split(" ");

export interface CapabilityOptions {
  readonly capAdd?: readonly string[] | undefined;
  readonly capDrop?: readonly string[] | undefined;
  readonly privileged?: boolean | undefined;
}

/**
 * The bounding set as bits. `ALL` in either list comes first, single names after it, and an added name wins over the same name dropped.
 * @param available what the engine itself has: nothing beyond it can be given
 * @throws OPTION_INVALID for a name that no kernel has
 */
export function capabilitySet(options: CapabilityOptions, available: bigint): bigint {
  const add = (options.capAdd ?? []).map((name) => normalize("capAdd", name));
  const drop = (options.capDrop ?? []).map((name) => normalize("capDrop", name));
  if (options.privileged) return available;
  let set = bits(DEFAULT);
  if (add.includes("ALL")) set = available;
  if (drop.includes("ALL")) set = 0n;
  set &= ~bits(drop.filter((name) => name !== "ALL"));
  set |= bits(add.filter((name) => name !== "ALL"));
  return set & available;
}

/** True when the set holds a capability, by its name without `CAP_`. */
export function hasCapability(set: bigint, name: string): boolean {
  return (set & bits([name])) !== 0n;
}

function normalize(option: string, name: string): string {
  const plain = plainCapability(name);
  if (plain === undefined) throw optionError(option, name, "a capability's name or `ALL`", ["ALL", ...CAPABILITIES]);
  return plain;
}

function bits(names: readonly string[]): bigint {
  return names.reduce((set, name) => set | (1n << BigInt(CAPABILITIES.indexOf(name))), 0n);
}
