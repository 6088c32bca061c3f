/** The networks of a session, by id, unambiguous id prefix, and name. */
import { CaissonError } from "../../../errors.js";
import type { NetworkRecord } from "./network-record.js";

/** Modes that are no networks. */
const RESERVED = ["default", "bridge", "none", "host"];

export class NetworkTable {
  readonly #records = new Map<string, NetworkRecord>();

  /** @throws NETWORK_NAME_TAKEN */
  checkName(name: string): void {
    const holder = this.#byName(name);
    if (!holder && !RESERVED.includes(name)) return;
    throw new CaissonError(
      "NETWORK_NAME_TAKEN",
      `The name ${name} is ${holder ? `taken by network ${holder.id.slice(0, 12)}` : "that of a network mode"}`,
      {
        facts: { name, networkId: holder?.id },
        remedy: holder ? "Remove that network, or choose another name." : "Choose another name.",
      },
    );
  }

  hasName(name: string): boolean {
    return this.#byName(name) !== undefined;
  }

  add(record: NetworkRecord): void {
    this.#records.set(record.id, record);
  }

  delete(record: NetworkRecord): void {
    this.#records.delete(record.id);
  }

  clear(): void {
    this.#records.clear();
  }

  values(): NetworkRecord[] {
    return [...this.#records.values()];
  }

  find(id: string): NetworkRecord | undefined {
    return this.#records.get(id);
  }

  /** @throws NETWORK_NOT_FOUND */
  get(network: string): NetworkRecord {
    const exact = this.#records.get(network) ?? this.#byName(network);
    if (exact) return exact;
    const matches = /^[0-9a-f]{4,63}$/.test(network) ? this.values().filter(({ id }) => id.startsWith(network)) : [];
    if (matches.length === 1) return matches[0]!;
    throw new CaissonError(
      "NETWORK_NOT_FOUND",
      matches.length === 0 ? `No such network: ${network}` : `${matches.length} networks have an id that begins with ${network}`,
      { facts: { network }, evidence: this.values().map(({ id, name }) => `${id.slice(0, 12)} ${name}`) },
    );
  }

  #byName(name: string): NetworkRecord | undefined {
    return this.values().find((record) => record.name === name);
  }
}
