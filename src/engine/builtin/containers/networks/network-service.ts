/** The networks of one session: the contract's NetworkService over the supervisor. They go with the session unless they are kept. */
import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import type {
  EndpointSpec,
  NetworkInspect,
  NetworkListOptions,
  NetworkPruneOptions,
  NetworkService,
  NetworkSpec,
} from "../../../engine.js";
import { CaissonError } from "../../../errors.js";
import type { EventBus } from "../../../event-bus.js";
import { passesPrune } from "../../../filters.js";
import { generateName } from "../../../spec/container-names.js";
import { parseSubnet, type Subnet } from "../../../spec/subnets.js";
import { validateNetwork } from "../../../spec/validate-network.js";
import { AddressPlan } from "../../network/address-plan.js";
import { chooseSubnet, uniqueLocalSubnet } from "../../network/default-subnets.js";
import { bridgeMessages, uplinkRouteMessages } from "../../network/netlink.js";
import { type Plan, writePlan } from "../../supervisor/codec.js";
import { Message, Tag } from "../../supervisor/protocol.js";
import { SupervisorFailure } from "../../supervisor/supervisor-failure.js";
import type { ContainerRecord } from "../container-record.js";
import type { JsonFiles } from "../kept/json-files.js";
import { keptNetwork, restoreNetwork } from "../kept/kept-network.js";
import type { Session } from "../session.js";
import { updateContainerUplink, updateNetworkUplink, withUplink, writeUplink } from "../uplink/uplink-requests.js";
import { networkScope } from "../uplink/uplink-scope.js";
import { linkEndpoint, releaseEndpoint, reserveEndpoint, unlinkEndpoint, wayOut } from "./endpoints.js";
import { inspectNetwork, macAddressOf, NetworkRecord } from "./network-record.js";
import { NetworkTable } from "./network-table.js";

export interface NetworkServiceOptions {
  /** Opens the session on first use. */
  readonly session: () => Promise<Session>;
  readonly container: (container: string) => ContainerRecord;
  /** Told of containers whose places on networks have changed. */
  readonly changed: (container: ContainerRecord) => Promise<void>;
  /** Files of the networks that outlive the session; undefined where none does. */
  readonly kept: JsonFiles | undefined;
  readonly events: EventBus;
}

/**
 * Packets on their way across the bridge are not for nf_tables' rules for IP (br_netfilter asks them where it is loaded): one that is given
 * to a socket there has lost it when it gets to the socket's protocol.
 */
const BRIDGE_SWITCHES: Plan = ["iptables", "ip6tables"].map((name) => ({
  op: "SYSCTL",
  path: `net/bridge/bridge-nf-call-${name}`,
  data: "0",
  optional: true,
}));

export class BuiltinNetworks implements NetworkService {
  readonly table = new NetworkTable();
  readonly #options: NetworkServiceOptions;
  readonly #random = randomBytes(5);
  #count = 0;

  constructor(options: NetworkServiceOptions) {
    this.#options = options;
  }

  async create(spec: NetworkSpec = {}): Promise<{ readonly id: string }> {
    validateNetwork(spec);
    const name = spec.name ?? generateName((taken) => this.table.hasName(taken));
    this.table.checkName(name);
    const [ipv4, ipv6] = this.#plans(spec);
    const record = new NetworkRecord(randomBytes(32).toString("hex"), name, spec, ipv4, ipv6);
    this.table.add(record); // the name and the subnet are taken from here on
    try {
      await this.#make(record);
      await this.#options.kept?.save(record.id, () => keptNetwork(record));
    } catch (error) {
      this.table.delete(record);
      throw error instanceof SupervisorFailure ? error.asError(`Creating network ${name}`) : error;
    }
    this.#emit(record, "create");
    return { id: record.id };
  }

  /** Makes the networks that an earlier session left. @returns what could not be made, a line each */
  async resume(): Promise<readonly string[]> {
    const { contents = [], problems = [] } = (await this.#options.kept?.load()) ?? {};
    const failed = [...problems];
    for (const content of contents) {
      try {
        const record = restoreNetwork(content);
        await this.#make(record);
        this.table.add(record);
      } catch (error) {
        failed.push(`A network can't be taken up: ${(error as Error).message}`);
      }
    }
    return failed;
  }

  async #make(record: NetworkRecord): Promise<void> {
    const { ipv4 } = record;
    const session = await this.#options.session();
    const scope = networkScope(record);
    await withUplink(session, [], async (uplink) => {
      const out = uplink ? scope : undefined;
      const route = out ? uplinkRouteMessages({ source: undefined, ipv6: out.ipv6 !== undefined }) : Buffer.alloc(0);
      const messages = Buffer.concat([bridgeMessages(macAddressOf(ipv4.gateway), record.gateways), route]);
      await session.supervisor.request(Message.NETWORK, (writer) => {
        writer
          .text(Tag.ID, record.id)
          .nested(Tag.PLAN, (nested) => writePlan(nested, [...BRIDGE_SWITCHES, { op: "NETLINK", data: messages }]));
        if (out) writeUplink(writer, out);
      });
      record.uplink = out && JSON.stringify(out);
    });
  }

  async inspect(network: string): Promise<NetworkInspect> {
    return inspectNetwork(this.table.get(network));
  }

  async list(options: NetworkListOptions = {}): Promise<readonly NetworkInspect[]> {
    return this.#matching(options).map(inspectNetwork);
  }

  async remove(network: string): Promise<void> {
    const record = this.table.get(network);
    const running = [...record.members.keys()].filter((member) => member.running);
    if (running.length > 0) {
      throw new CaissonError("NETWORK_IN_USE", `Network ${record.name} is in use by ${running.map(({ name }) => name).join(", ")}`, {
        facts: { network: record.name, containers: running.map(({ id }) => id) },
        remedy: "Stop or disconnect them first.",
      });
    }
    this.table.delete(record);
    record.removed = true;
    for (const [member, endpoint] of record.members) releaseEndpoint(member, endpoint);
    await this.#options.kept?.forget(record.id);
    const session = await this.#options.session();
    await session.supervisor
      .request(Message.NETWORK_REMOVE, (writer) => writer.text(Tag.ID, record.id))
      .catch((error: unknown) => {
        throw error instanceof SupervisorFailure ? error.asError(`Removing network ${record.name}`) : error;
      });
    this.#emit(record, "destroy");
  }

  async prune({ filters = {}, ...options }: NetworkPruneOptions = {}): Promise<readonly string[]> {
    const unused = this.#matching(options).filter(
      ({ members, labels, created }) => members.size === 0 && passesPrune({ labels, created }, filters),
    );
    for (const { id } of unused) await this.remove(id);
    return unused.map(({ name }) => name);
  }

  async connect(network: string, container: string, endpoint: EndpointSpec = {}): Promise<void> {
    const record = this.table.get(network);
    const member = this.#options.container(container);
    if (member.sharesNetwork) {
      throw new CaissonError("UNSUPPORTED", `Container ${member.name} has no network of its own to connect`, {
        facts: { feature: "network connect", engine: "builtin" },
        remedy: "Start it without networkMode host, none or container:.",
      });
    }
    await member.exclusive(async () => {
      const made = reserveEndpoint(record, member, endpoint);
      if (!member.running) return this.#options.changed(member);
      const session = await this.#options.session();
      try {
        await updateNetworkUplink(session, record);
        await linkEndpoint(session, member, made);
        await updateContainerUplink(session, member);
      } catch (error) {
        releaseEndpoint(member, made);
        throw error;
      }
      await this.#options.changed(member);
    });
    this.#emit(record, "connect", { container: member.id });
  }

  async disconnect(network: string, container: string): Promise<void> {
    const record = this.table.get(network);
    const member = this.#options.container(container);
    await member.exclusive(async () => {
      const endpoint = record.members.get(member);
      if (!endpoint) {
        throw new CaissonError("NETWORK_NOT_CONNECTED", `Container ${member.name} is not on network ${record.name}`, {
          facts: { network: record.name, containerId: member.id },
        });
      }
      const wasWayOut = wayOut(member) === endpoint;
      releaseEndpoint(member, endpoint);
      const session = await this.#options.session();
      const next = wasWayOut ? wayOut(member) : undefined;
      if (member.running) await unlinkEndpoint(session, member, endpoint, next);
      for (const changed of [record, ...(next ? [next.network] : [])]) await updateNetworkUplink(session, changed);
      await updateContainerUplink(session, member);
      await this.#options.changed(member);
    });
    this.#emit(record, "disconnect", { container: member.id });
  }

  #matching({ labels = {}, name }: NetworkListOptions): NetworkRecord[] {
    return this.table
      .values()
      .filter((record) => name === undefined || record.name.includes(name))
      .filter((record) => Object.entries(labels).every(([key, value]) => record.labels[key] === value));
  }

  #plans(spec: NetworkSpec): [AddressPlan, AddressPlan | undefined] {
    const wanted = (spec.subnets ?? []).map((each) => ({ ...each, subnet: parseSubnet(each.subnet, "subnets.subnet") }));
    const ipv4 = wanted.find(({ subnet }) => subnet.family === 4);
    const ipv6 = wanted.find(({ subnet }) => subnet.family === 6);
    const index = this.#count++;
    const own: Subnet | undefined = spec.ipv6 ? uniqueLocalSubnet(this.#random, index) : undefined;
    return [
      new AddressPlan(ipv4 ?? { subnet: chooseSubnet(this.#taken()) }),
      ipv6 ? new AddressPlan(ipv6) : own && new AddressPlan({ subnet: own }),
    ];
  }

  /** Of our networks, and of the host's interfaces: who is there could not be reached from the network. */
  #taken(): Subnet[] {
    const hosts = Object.values(networkInterfaces())
      .flat()
      .flatMap((each) => (each?.family === "IPv4" ? [parseSubnet(`${each.address}/32`, "subnet")] : []));
    return [...this.table.values().map(({ ipv4 }) => ipv4.subnet), ...hosts];
  }

  #emit(record: NetworkRecord, action: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.#options.events.emit("network", action, record.id, { name: record.name, type: "bridge", ...attributes });
  }
}
