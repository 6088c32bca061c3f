/** Where the containers of published ports are. */
import type { ContainerRecord } from "../container-record.js";
import { wayOut } from "./endpoints.js";

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
