/** Giving up privileges, in the one order that works (capabilities(7), and the order of runc and crun). */
import type { Plan } from "../supervisor/codec.js";
import { SIGKILL } from "./kernel-constants.js";
import type { ProcessUser } from "./users.js";

export interface CredentialOptions {
  readonly user: ProcessUser;
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  /** `struct sock_filter[]`; undefined for none. */
  readonly seccomp: Buffer | undefined;
  /** Whether the session's user namespace has one id alone. */
  readonly singleId: boolean;
}

export function planCredentials({ user, capabilities, noNewPrivileges, seccomp, singleId }: CredentialOptions): Plan {
  const filter: Plan = seccomp ? [{ op: "SECCOMP", data: seccomp, flags: 0 }] : [];
  // A process that is not root starts without capabilities; the bounding set is what setuid programs may win back.
  const held = user.uid === 0 ? capabilities : 0n;
  return [
    // Before anything that makes sense only in there: its first process has all capabilities.
    ...(singleId && (user.uid !== 0 || user.gid !== 0) ? [{ op: "SINGLE_ID" as const, uid: user.uid, gid: user.gid }] : []),
    // Needs CAP_SYS_ADMIN, which is about to go; with no_new_privs it doesn't, and goes last.
    ...(noNewPrivileges ? [] : filter),
    { op: "BOUNDING", caps: capabilities },
    { op: "KEEPCAPS", value: 1 },
    ...(singleId ? [] : changeOfIds(user)),
    // Inheritable stays empty (CVE-2022-29162).
    { op: "CAPSET", effective: held, permitted: held, inheritable: 0n },
    { op: "AMBIENT", caps: 0n },
    { op: "KEEPCAPS", value: 0 },
    // A change of ids clears it.
    { op: "PDEATHSIG", signal: SIGKILL },
    ...(noNewPrivileges ? [{ op: "NO_NEW_PRIVS" as const }, ...filter] : []),
  ];
}

function changeOfIds(user: ProcessUser): Plan {
  return [
    { op: "GROUPS", gid: user.groups },
    { op: "SETGID", gid: user.gid },
    { op: "SETUID", uid: user.uid },
  ];
}
