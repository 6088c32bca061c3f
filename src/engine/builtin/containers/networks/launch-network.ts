/** How a container that is about to start meets the network: its mode, and the networks that it is on. */
import { CaissonError } from "../../../errors.js";
import { NAME_SERVER_ADDRESS, NAME_SERVER_PORT } from "../../network/addresses.js";
import { NAME_SERVER_OTHER_PORT } from "../../network/name-redirect.js";
import { loopbackMessages, uplinkRouteMessages } from "../../network/netlink.js";
import type { UplinkScope } from "../../network/uplink.js";
import type { LaunchNetwork, NameServerPlace } from "../../runtime/plan-launch.js";
import type { ContainerRecord } from "../container-record.js";
import { notRunning } from "../exec-process.js";
import { parsePort } from "../published-ports.js";
import { checkHostAccess, hostGateway } from "../uplink/uplink-scope.js";
import { checkAddresses, planEndpoint } from "./endpoints.js";

/**
 * @param uplink the way out of its own namespace
 * @param redirect whether queries can be led to another port
 * @throws OPTION_INVALID, CONTAINER_NOT_RUNNING when the container whose network is shared does not run, NETWORK_NOT_FOUND for a network that was removed,
 *   NETWORK_ADDRESS_TAKEN
 */
export function launchNetwork(record: ContainerRecord, uplink: UplinkScope | undefined, redirect: boolean): LaunchNetwork {
  const { spec, peer, address } = record;
  checkHostAccess(record);
  const nothing = {
    own: false,
    plan: [],
    addresses: [],
    nameServer: undefined,
    uplink: undefined,
    hostGateway: hostGateway(record),
    etc: undefined,
  };
  if (spec.networkMode === "host") return nothing;
  if (peer) {
    if (!peer.running) throw notRunning(peer);
    return { ...nothing, plan: [{ op: "SETNS", name: peer.id }], etc: peer.scratch };
  }
  checkNetworks(record);
  checkAddresses(record);
  const endpoints = [...record.endpoints.values()];
  const route = uplink ? uplinkRouteMessages({ source: address?.address, ipv6: uplink.ipv6 !== undefined }) : Buffer.alloc(0);
  return {
    ...nothing,
    own: true,
    plan: [
      { op: "NETLINK", data: Buffer.concat([loopbackMessages(address), route]) },
      ...endpoints.flatMap((endpoint) => planEndpoint(record, endpoint)),
    ],
    addresses: [...(address ? [address.address] : []), ...endpoints.map(({ ipv4 }) => ipv4.address)],
    nameServer: nameServerOf(record, redirect),
    uplink,
  };
}

/** A name server on all addresses of its container leaves no room for ours at its port. Where ours can't be at another, it gets the host's. */
function nameServerOf(record: ContainerRecord, redirect: boolean): NameServerPlace | undefined {
  if (record.spec.networkMode === "none") return undefined;
  if (!servesNames(record)) return { address: NAME_SERVER_ADDRESS, port: NAME_SERVER_PORT };
  return redirect ? { address: NAME_SERVER_ADDRESS, port: NAME_SERVER_OTHER_PORT } : undefined;
}

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
