/** Other containers whose namespaces a container joins. */
import type { ContainerSpec } from "../../engine.js";
import { CaissonError } from "../../errors.js";
import { type Peers, peerOf } from "../runtime/plan-launch.js";
import type { ContainerRecord } from "./container-record.js";

/**
 * Their ids. Whether they run is found out by the launch.
 * @param find throws CONTAINER_NOT_FOUND
 * @throws CONTAINER_NOT_FOUND, OPTION_INVALID for a container that doesn't share
 */
export function peersOf({ ipcMode, pidMode }: ContainerSpec, find: (container: string) => ContainerRecord): Peers {
  const ipc = peerOf(ipcMode);
  const pid = peerOf(pidMode);
  return { ipc: ipc === undefined ? undefined : sharing(find(ipc)).id, pid: pid === undefined ? undefined : find(pid).id };
}

/**
 * A container on another's network by that one's id, since names change, and under its host name, as in the /etc/hostname that they share.
 * @param find throws CONTAINER_NOT_FOUND
 * @throws CONTAINER_NOT_FOUND
 */
export function besideNetworkPeer(spec: ContainerSpec, find: (container: string) => ContainerRecord): ContainerSpec {
  const network = peerOf(spec.networkMode);
  if (network === undefined) return spec;
  const { id, shortId, process, spec: its } = find(network);
  const names = spec.utsMode === "host" ? {} : { hostname: process?.hostname ?? shortId, domainname: its.domainname };
  return { ...spec, networkMode: `container:${id}`, ...names };
}

function sharing(record: ContainerRecord): ContainerRecord {
  const { ipcMode = "private" } = record.spec;
  if (ipcMode !== "private" && ipcMode !== "none") return record;
  throw new CaissonError("OPTION_INVALID", `Container ${record.name} does not share its IPC namespace: its mode is ${ipcMode}`, {
    facts: { option: "ipcMode", value: `container:${record.name}` },
    remedy: "Give that container the mode `shareable`.",
  });
}
