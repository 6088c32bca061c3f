/** Kernel parameters of a container: only those that belong to its own namespaces (as crun and runc allow them). Pure. */
import type { ContainerSpec } from "../engine.js";
import { optionError } from "../errors.js";

const IPC = new Set(["msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced"].map((name) => `kernel.${name}`));

type Sharing = Pick<ContainerSpec, "sysctls" | "networkMode" | "ipcMode">;

/** @throws OPTION_INVALID for a parameter of the host, or of a namespace that the container shares */
export function validateSysctls({ sysctls = {}, networkMode, ipcMode }: Sharing): void {
  const own = { network: !isShared(networkMode), ipc: !isShared(ipcMode) };
  for (const name of Object.keys(sysctls)) checkNamespace(name, own);
}

function checkNamespace(name: string, own: { readonly network: boolean; readonly ipc: boolean }): void {
  const parts = name.split(/[./]/);
  const wellFormed = parts.length > 1 && parts.every((part) => /^[\w-]+$/.test(part));
  if (wellFormed && parts[0] === "net") {
    if (own.network) return;
    throw optionError("sysctls", name, "a parameter of the container's own namespaces; it shares another's network");
  }
  if (wellFormed && (IPC.has(name) || name.startsWith("fs.mqueue."))) {
    if (own.ipc) return;
    throw optionError("sysctls", name, "a parameter of the container's own namespaces; it shares another's IPC");
  }
  throw optionError("sysctls", name, "a parameter that a container has for itself", ["net.*", "fs.mqueue.*", ...IPC]);
}

function isShared(mode: string | undefined): boolean {
  return mode === "host" || (mode?.startsWith("container:") ?? false);
}
