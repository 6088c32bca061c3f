/** The daemon's networks: the contract's NetworkService over the Docker Engine API. */
import { endpointBody } from "../docker-api/container-create.js";
import { encodeFilters, labelFilters, namePart, pruneFilters } from "../docker-api/filters-json.js";
import { DEFAULT_NETWORKS, type NetworkJson, networkBody, networkOf } from "../docker-api/network-json.js";
import type {
  DisconnectOptions,
  EndpointSpec,
  NetworkInspect,
  NetworkListOptions,
  NetworkPruneOptions,
  NetworkService,
  NetworkSpec,
  PruneFilters,
} from "../engine.js";
import { passesPrune } from "../filters.js";
import { generateName } from "../spec/container-names.js";
import { validateEndpoint, validateNetwork } from "../spec/validate-network.js";
import type { DockerClient } from "./docker-client.js";
import { withIpv6Subnet } from "./ipv6-subnet.js";
import type { RemoteSession } from "./lifetime/remote-session.js";
import { withoutSessionLabels } from "./lifetime/session-labels.js";

export interface RemoteNetworksOptions {
  readonly client: DockerClient;
  readonly session: RemoteSession;
}

export class RemoteNetworks implements NetworkService {
  readonly #client: DockerClient;
  readonly #session: RemoteSession;

  constructor({ client, session }: RemoteNetworksOptions) {
    this.#client = client;
    this.#session = session;
  }

  async create(spec: NetworkSpec = {}): Promise<{ readonly id: string }> {
    validateNetwork(spec);
    const name = spec.name ?? generateName();
    const { Id } = await this.#session.creating(spec.labels, (labels) =>
      this.#client.json<{ Id: string }>("POST", "/networks/create", {
        doing: `Creating network ${name}`,
        network: name,
        json: networkBody(name, { ...withIpv6Subnet(spec), labels }),
      }),
    );
    return { id: Id };
  }

  async inspect(network: string): Promise<NetworkInspect> {
    return known(await this.#client.json<NetworkJson>("GET", networkPath(network), { doing: `Inspecting network ${network}`, network }));
  }

  async list({ labels, name }: NetworkListOptions = {}): Promise<readonly NetworkInspect[]> {
    const filters = encodeFilters({ label: labelFilters(labels), name: name === undefined ? undefined : [namePart(name)] });
    const listed = await this.#client.json<readonly NetworkJson[]>("GET", "/networks", { doing: "Listing networks", query: { filters } });
    return listed.filter(({ Name }) => !DEFAULT_NETWORKS.includes(Name)).map(known);
  }

  async remove(network: string): Promise<void> {
    await this.#client.status("DELETE", networkPath(network), { doing: `Removing network ${network}`, network });
  }

  async prune({ labels, name, filters = {} }: NetworkPruneOptions = {}): Promise<readonly string[]> {
    // The daemon prunes by labels and age, not by name.
    if (name !== undefined) return this.#removeUnused({ labels, name }, filters);
    const label = [...labelFilters(labels), ...(filters.label ?? [])];
    const { NetworksDeleted } = await this.#client.json<{ NetworksDeleted?: readonly string[] | null }>("POST", "/networks/prune", {
      doing: "Removing networks that nobody uses",
      query: { filters: pruneFilters({ ...filters, label }) },
    });
    return NetworksDeleted ?? [];
  }

  async connect(network: string, container: string, endpoint: EndpointSpec = {}): Promise<void> {
    validateEndpoint(endpoint);
    await this.#client.status("POST", networkPath(network, "/connect"), {
      doing: `Connecting container ${container} to network ${network}`,
      network,
      container,
      json: { Container: container, EndpointConfig: endpointBody(endpoint) },
    });
  }

  async disconnect(network: string, container: string, { force = false }: DisconnectOptions = {}): Promise<void> {
    await this.#client.status("POST", networkPath(network, "/disconnect"), {
      doing: `Disconnecting container ${container} from network ${network}`,
      network,
      container,
      json: { Container: container, Force: force },
    });
  }

  async #removeUnused(options: NetworkListOptions, filters: PruneFilters): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const network of await this.list(options)) {
      const { id, name } = network;
      if (!passesPrune(network, filters) || (await this.inspect(id)).containers.length > 0) continue;
      await this.remove(id);
      removed.push(name);
    }
    return removed;
  }
}

function networkPath(network: string, rest = ""): string {
  return `/networks/${encodeURIComponent(network)}${rest}`;
}

function known(json: NetworkJson): NetworkInspect {
  const inspect = networkOf(json);
  return { ...inspect, labels: withoutSessionLabels(inspect.labels) };
}
