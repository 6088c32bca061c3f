/** How a container that is about to start meets the network: its mode, and the networks that it is on. */
import type { ContainerSpec } from "../../../engine.js";
import { CaissonError } from "../../../errors.js";
import { NAME_SERVER_ADDRESS, NAME_SERVER_PORT } from "../../network/addresses.js";
import { loopbackMessages } from "../../network/netlink.js";
import type { LaunchNetwork } from "../../runtime/plan-launch.js";
import type { ContainerRecord } from "../container-record.js";
import { notRunning } from "../exec-process.js";
import { parsePort } from "../published-ports.js";
import { planEndpoint } from "./endpoints.js";

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
    nameServer: spec.networkMode === "none" || servesNames(record) ? undefined : NAME_SERVER_ADDRESS,
    etc: undefined,
  };
}

/** A name server on all addresses of its container leaves no room for another one there: it gets the host's name servers. */
function servesNames({ spec, image }: ContainerRecord): boolean {
  const exposed = [...image.inspect.config.exposedPorts, ...(spec.exposedPorts ?? [])].map((port) => parsePort(port).port);
  return [...exposed, ...(spec.publish ?? []).map(({ containerPort }) => containerPort)].includes(NAME_SERVER_PORT);
}

function checkNetworks({ name, spec, endpoints }: ContainerRecord): void {
  const missing = Object.keys(spec.networks ?? {}).length > 0 && endpoints.size === 0;
  if (!missing) return;
  throw new CaissonError("NETWORK_NOT_FOUND", `The networks of container ${name} were removed, or it was disconnected from them`, {
    facts: { network: Object.keys(spec.networks ?? {}).join(", ") },
    remedy: "Connect it to a network, or create it anew.",
  });
}

export function peerOf(networkMode: ContainerSpec["networkMode"]): string | undefined {
  return networkMode?.startsWith("container:") ? networkMode.slice("container:".length) : undefined;
}
