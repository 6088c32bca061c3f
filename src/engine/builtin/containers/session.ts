/**
 * A session: one supervisor, its directory, its cgroups. Opened by the first call that needs it, so that an engine which
 * only looks at images never spawns a process.
 */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { CaissonError } from "../../errors.js";
import { planSessionCgroups, type SessionCgroups } from "../runtime/cgroups.js";
import type { HostFacts } from "../runtime/host-facts.js";
import { Supervisor } from "../supervisor/supervisor.js";
import { locateSupervisor } from "../supervisor/supervisor-binary.js";
import { leaveDelegatedCgroup } from "./cgroup-leaf.js";
import { fitHost } from "./fit-host.js";
import type { KernelFeature } from "./kernel-feature.js";

export interface Session {
  readonly id: string;
  readonly directory: string;
  /** An empty directory to mount root file systems on, each in a mount namespace of its own. */
  readonly mountpoint: string;
  readonly host: HostFacts;
  readonly cgroups: SessionCgroups;
  readonly supervisor: Supervisor;
  /** Containers' way out. */
  readonly uplink: KernelFeature;
  /** Our name server beside a container's own. */
  readonly nameRedirect: KernelFeature;
}

/** @throws SUPERVISOR_UNAVAILABLE, SUPERVISOR_DIED, STORE_UNWRITABLE, DISK_FULL, USER_NAMESPACE_REFUSED */
export async function openSession(root: string, host: HostFacts, environment: NodeJS.ProcessEnv): Promise<Session> {
  const binary = await locateSupervisor(environment);
  const id = randomBytes(6).toString("hex");
  const sessions = path.join(root, "sessions");
  await mkdir(sessions, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
    throw unwritable(sessions, cause);
  });
  const directory = path.join(sessions, id);
  const cgroups = planSessionCgroups(host.cgroups, id);
  // Before the supervisor is born where Node is.
  leaveDelegatedCgroup(host.cgroups);
  const supervisor = await Supervisor.open({
    binary,
    sessionDirectory: directory,
    cgroups: cgroups.directories,
    prepare: cgroups.prepare,
    userNamespace: host.userNamespace,
    nested: host.nested,
  });
  const unknown = (): KernelFeature => ({ missing: undefined });
  const opened = { directory, mountpoint: path.join(directory, "mnt"), host, cgroups, supervisor };
  return {
    ...{ ...opened, id, host: await fitHost(opened) },
    ...{ uplink: unknown(), nameRedirect: unknown() },
  };
}

function unwritable(directory: string, cause: NodeJS.ErrnoException): CaissonError {
  if (cause.code === "ENOSPC")
    return new CaissonError("DISK_FULL", `No space left for ${directory}`, { facts: { path: directory }, cause });
  return new CaissonError("STORE_UNWRITABLE", `The data root can't be written to: ${cause.message}`, {
    facts: { path: directory },
    cause,
    remedy: "Set CAISSON_HOME to a directory that this user can write to.",
  });
}
