/** The contract's networks: part of engine.ts, which everybody imports. Terms are those of the Docker Engine API. */
import type { PruneFilters } from "./container-filters.js";

export interface NetworkService {
  /** @throws NETWORK_NAME_TAKEN, OPTION_INVALID */
  create(spec?: NetworkSpec): Promise<{ readonly id: string }>;
  /** By id, unambiguous id prefix, or name. @throws NETWORK_NOT_FOUND */
  inspect(network: string): Promise<NetworkInspect>;
  list(options?: NetworkListOptions): Promise<readonly NetworkInspect[]>;
  /** @throws NETWORK_NOT_FOUND, NETWORK_IN_USE while running containers are on it */
  remove(network: string): Promise<void>;
  /** Removes networks that no container is on. @returns their names */
  prune(options?: NetworkPruneOptions): Promise<readonly string[]>;
  /** Running or not. @throws NETWORK_NOT_FOUND, CONTAINER_NOT_FOUND, NETWORK_ALREADY_CONNECTED, NETWORK_ADDRESS_TAKEN, OPTION_INVALID, UNSUPPORTED */
  connect(network: string, container: string, endpoint?: EndpointSpec): Promise<void>;
  /** @throws NETWORK_NOT_FOUND, CONTAINER_NOT_FOUND, NETWORK_NOT_CONNECTED */
  disconnect(network: string, container: string, options?: DisconnectOptions): Promise<void>;
}

export interface NetworkSpec {
  /** @default generated */
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** No way out of it. @default false */
  readonly internal?: boolean | undefined;
  /** Members get IPv6 addresses, too. @default false, unless a subnet is an IPv6 one */
  readonly ipv6?: boolean | undefined;
  /** At most one of each family; they may be those of another network. @default chosen so that no two networks of the engine overlap */
  readonly subnets?: readonly SubnetSpec[] | undefined;
}

export interface SubnetSpec {
  /** `"10.1.0.0/24"`, `"fd00:1::/64"` */
  readonly subnet: string;
  /** @default its first address */
  readonly gateway?: string | undefined;
  /** Automatic addresses come from this part of it. @default all of it */
  readonly ipRange?: string | undefined;
}

/** One container's place on one network. */
export interface EndpointSpec {
  /** Further names, which other containers may have as well. */
  readonly aliases?: readonly string[] | undefined;
  /** @default the next free one */
  readonly ipv4Address?: string | undefined;
  /** @default the next free one, where the network has IPv6 */
  readonly ipv6Address?: string | undefined;
  /** `"02:42:0a:01:00:02"` @default made from the address */
  readonly macAddress?: string | undefined;
}

export interface DisconnectOptions {
  /** Also a container that is gone and that a daemon has left on its network. @default false */
  readonly force?: boolean | undefined;
}

export interface NetworkListOptions {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Part of the name. */
  readonly name?: string | undefined;
}

export interface NetworkPruneOptions extends NetworkListOptions {
  readonly filters?: PruneFilters | undefined;
}

export interface NetworkInspect {
  readonly id: string;
  readonly name: string;
  readonly created: Date;
  readonly driver: string;
  readonly internal: boolean;
  readonly ipv6: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly subnets: readonly { readonly subnet: string; readonly gateway: string; readonly ipRange: string | undefined }[];
  /** Containers on it, running or not. */
  readonly containers: readonly (EndpointInspect & { readonly containerId: string; readonly containerName: string })[];
}

export interface EndpointInspect {
  readonly networkId: string;
  readonly networkName: string;
  readonly aliases: readonly string[];
  /** All names under which the others find it. */
  readonly dnsNames: readonly string[];
  readonly ipAddress: string;
  readonly prefixLength: number;
  /** Undefined where the network is internal. */
  readonly gateway: string | undefined;
  readonly ipv6Address: string | undefined;
  readonly ipv6PrefixLength: number | undefined;
  readonly ipv6Gateway: string | undefined;
  readonly macAddress: string;
}
