/** The contract's filters as the API's `filters` parameter takes them. Pure. */
import type { ContainerListOptions, PruneFilters } from "../engine.js";
import { optionError } from "../errors.js";
import { secondsOf } from "./event-json.js";

type Filters = Readonly<Record<string, readonly string[] | undefined>>;

/** Undefined where there are none. */
export function encodeFilters(filters: Filters): string | undefined {
  const set = Object.entries(filters).filter(([, values]) => values !== undefined && values.length > 0);
  return set.length > 0 ? JSON.stringify(Object.fromEntries(set)) : undefined;
}

export function labelFilters(labels: Readonly<Record<string, string | true>> | undefined): readonly string[] {
  return Object.entries(labels ?? {}).map(([name, value]) => (value === true ? name : `${name}=${value}`));
}

/** Names are regular expressions there, parts of names here. */
export function namePart(name: string): string {
  return name.replace(/^\//, "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** @throws OPTION_INVALID */
export function containerFilters({ labels, name, filters = {} }: ContainerListOptions): string | undefined {
  for (const [option, ports] of [
    ["publish", filters.publish],
    ["expose", filters.expose],
  ] as const)
    for (const port of ports ?? [])
      if (!/^\d{1,5}(\/(tcp|udp))?$/.test(port)) throw optionError(`filters.${option}`, port, "a port, with `/tcp` or `/udp`");
  return encodeFilters({
    id: filters.id,
    name: filters.name?.map(namePart) ?? (name === undefined ? undefined : [namePart(name)]),
    label: [...labelFilters(labels), ...(filters.label ?? [])],
    status: filters.status,
    exited: filters.exited?.map(String),
    health: filters.health,
    ancestor: filters.ancestor,
    before: filters.before === undefined ? undefined : [filters.before],
    since: filters.since === undefined ? undefined : [filters.since],
    publish: filters.publish,
    expose: filters.expose,
    network: filters.network,
  });
}

export function pruneFilters({ label, "label!": without, until }: PruneFilters): string | undefined {
  return encodeFilters({ label, "label!": without, until: until && [secondsOf(until)] });
}
