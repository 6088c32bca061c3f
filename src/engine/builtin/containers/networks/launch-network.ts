/** How a container that is about to start meets the network: its mode, and the networks that it is on. */
import type { ContainerSpec } from "../../../engine.js";
import { CaissonError } from "../../../errors.js";
import { NAME_SERVER_ADDRESS } from "../../network/addresses.js";
import { loopbackMessages } from "../../network/netlink.js";
import type { LaunchNetwork } from "../../runtime/plan-launch.js";
import type { ContainerRecord } from "../container-record.js";
import { notRunning } from "../exec-process.js";
import { planEndpoint, wayOut } from "./endpoints.js";

/** @throws CONTAINER_NOT_RUNNING when the container whose network is shared does not run, NETWORK_NOT_FOUND for a network that was removed */
export function launchNetwork(record: ContainerRecord): LaunchNetwork {
  const { spec, peer, address } = record;
  const nothing = { own: false, plan: [], addresses: [], nameServer: undefined, etc: undefined };
  if (spec.networkMode === "host") return nothing;
  if (peer) {
    if (!peer.running) throw notRunning(peer);
    return { ...nothing, plan: [{ op: "SETNS", name: peer.id }], etc: peer.scratch };
  }
  checkNetworks(record);
  const endpoints = [...record.endpoints.values()];
  return {
    own: true,
    plan: [{ op: "NETLINK", data: loopbackMessages(address) }, ...endpoints.flatMap((endpoint) => planEndpoint(record, endpoint))],
    addresses: [...(address ? [address.address] : []), ...endpoints.map(({ ipv4 }) => ipv4.address)],
    nameServer: spec.networkMode === "none" ? undefined : NAME_SERVER_ADDRESS,
    etc: undefined,
  };
}

function checkNetworks({ name, spec, endpoints }: ContainerRecord): void {
  const missing = Object.keys(spec.networks ?? {}).length > 0 && endpoints.size === 0;
  if (!missing) return;
  throw new CaissonError("NETWORK_NOT_FOUND", `The networks of container ${name} were removed, or it was disconnected from them`, {
    facts: { network: Object.keys(spec.networks ?? {}).join(", ") },
    remedy: "Connect it to a network, or create it anew.",
  });
}

/** Which address a published port leads to, and from where. */
export interface Reach {
  readonly address: string;
  /** Where connections come from; undefined: whatever the kernel picks. */
  readonly source: string | undefined;
  /** Id of the network whose namespace they come from; undefined: the container's own. */
  readonly network: string | undefined;
}

/** Undefined where nothing can be published: no network of its own, or none that leads out. */
export function reachOf(record: ContainerRecord): Reach | undefined {
  if (record.address) return { address: record.address.address, source: record.address.gateway, network: undefined };
  const endpoint = wayOut(record);
  return endpoint && { address: endpoint.ipv4.address, source: undefined, network: endpoint.network.id };
}

export function peerOf(networkMode: ContainerSpec["networkMode"]): string | undefined {
  return networkMode?.startsWith("container:") ? networkMode.slice("container:".length) : undefined;
}
