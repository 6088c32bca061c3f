/** Addresses of the default network, and of the name server. */
import type { ContainerSpec } from "../../engine.js";

export interface ContainerAddress {
  readonly address: string;
  /** Where connections through published ports come from. */
  readonly gateway: string;
}

/** Every container has a network namespace of its own, so all of them can have the same address: the first that Docker would give. */
export const defaultAddress: ContainerAddress = { address: "172.17.0.2", gateway: "172.17.0.1" };

/** Where containers ask for names: Docker's address for it. */
export const NAME_SERVER_ADDRESS = "127.0.0.11";
export const NAME_SERVER_PORT = 53;

/** Where ports are published unless told otherwise. */
export const LOOPBACK_ADDRESSES: readonly string[] = ["127.0.0.1", "::1"];

/** None for a container that is on networks with names, or on none of its own. */
export function addressOf({ networkMode = "default", networks = {} }: ContainerSpec): ContainerAddress | undefined {
  return networkMode === "default" && Object.keys(networks).length === 0 ? defaultAddress : undefined;
}
