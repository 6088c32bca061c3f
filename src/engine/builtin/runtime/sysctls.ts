/** Kernel parameters of a container: only those that belong to its own namespaces (as crun and runc allow them). */
import { optionError } from "../../errors.js";
import type { Plan } from "../supervisor/codec.js";

const IPC = new Set(["msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced"].map((name) => `kernel.${name}`));

/** Docker's: any user may bind low ports and ping. */
const NETWORK_DEFAULTS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
};

export interface SysctlNamespaces {
  readonly network: boolean;
  readonly ipc: boolean;
}

/** @throws OPTION_INVALID for a parameter of the host, or of a namespace that the container shares */
export function planSysctls(wanted: Readonly<Record<string, string>>, own: SysctlNamespaces): Plan {
  const defaults: Plan = own.network
    ? Object.entries(NETWORK_DEFAULTS)
        .filter(([name]) => wanted[name] === undefined)
        .map(([name, data]) => ({ op: "SYSCTL", path: pathOf(name), data, optional: true }))
    : [];
  const explicit: Plan = Object.entries(wanted).map(([name, data]) => {
    checkNamespace(name, own);
    return { op: "SYSCTL", path: pathOf(name), data };
  });
  return [...defaults, ...explicit];
}

function checkNamespace(name: string, own: SysctlNamespaces): void {
  const parts = name.split(/[./]/);
  const wellFormed = parts.length > 1 && parts.every((part) => /^[\w-]+$/.test(part));
  if (wellFormed && parts[0] === "net") {
    if (own.network) return;
    throw optionError("sysctls", name, "a parameter of the container's own namespaces; it shares the host's network");
  }
  if (wellFormed && (IPC.has(name) || name.startsWith("fs.mqueue."))) {
    if (own.ipc) return;
    throw optionError("sysctls", name, "a parameter of the container's own namespaces; it shares another's IPC");
  }
  throw optionError("sysctls", name, "a parameter that a container has for itself", ["net.*", "fs.mqueue.*", ...IPC]);
}

function pathOf(name: string): string {
  return name.replaceAll(".", "/");
}
