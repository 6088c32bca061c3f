/** The containers of a session, by id, unambiguous id prefix, and name. */
import { CaissonError } from "../../errors.js";
import type { ContainerRecord } from "./container-record.js";

export class ContainerTable {
  readonly #records = new Map<string, ContainerRecord>();
  readonly #names = new Map<string, string>();

  get size(): number {
    return this.#records.size;
  }

  /** Takes a name before the container that will bear it is complete. @throws CONTAINER_NAME_TAKEN */
  reserve(name: string, id: string): void {
    const holder = this.#names.get(name);
    if (holder !== undefined) {
      throw new CaissonError("CONTAINER_NAME_TAKEN", `The name ${name} is taken by container ${holder.slice(0, 12)}`, {
        facts: { name, containerId: holder },
        remedy: "Remove that container, or choose another name.",
      });
    }
    this.#names.set(name, id);
  }

  hasName(name: string): boolean {
    return this.#names.has(name);
  }

  release(name: string): void {
    this.#names.delete(name);
  }

  /** @throws CONTAINER_NAME_TAKEN */
  rename(record: ContainerRecord, name: string): void {
    this.reserve(name, record.id);
    this.#names.delete(record.name);
    record.name = name;
  }

  add(record: ContainerRecord): void {
    this.#records.set(record.id, record);
  }

  delete(record: ContainerRecord): void {
    this.#records.delete(record.id);
    this.#names.delete(record.name);
  }

  byId(id: string): ContainerRecord | undefined {
    return this.#records.get(id);
  }

  /** @throws CONTAINER_NOT_FOUND */
  get(container: string): ContainerRecord {
    const exact = this.#records.get(container) ?? this.#records.get(this.#names.get(container) ?? "");
    if (exact) return exact;
    const matches = /^[0-9a-f]{4,63}$/.test(container) ? [...this.#records.values()].filter(({ id }) => id.startsWith(container)) : [];
    if (matches.length === 1) return matches[0]!;
    throw new CaissonError(
      "CONTAINER_NOT_FOUND",
      matches.length === 0 ? `No such container: ${container}` : `${matches.length} containers have an id that begins with ${container}`,
      { facts: { container }, evidence: matches.map(({ id, name }) => `${id.slice(0, 12)} ${name}`) },
    );
  }

  values(): ContainerRecord[] {
    return [...this.#records.values()];
  }
}
