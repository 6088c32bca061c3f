/** Capabilities by name, and the set a container gets (capability.h of Linux; Docker's default list). */
import { optionError } from "../../errors.js";

/** In the kernel's order: the index is the number. */
const NAMES = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST " +
  "NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE " +
  "SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM " +
  "BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split(" ");

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
  const plain = name.toUpperCase().replace(/^CAP_/, "");
  if (plain !== "ALL" && !NAMES.includes(plain)) throw optionError(option, name, "a capability's name or `ALL`", ["ALL", ...NAMES]);
  return plain;
}

function bits(names: readonly string[]): bigint {
  return names.reduce((set, name) => set | (1n << BigInt(NAMES.indexOf(name))), 0n);
}
