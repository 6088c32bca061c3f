/** Docker's filters over labels, ids and times (api/types/filters of moby). Pure. */
import type { EngineEvent, EventFilters, PruneFilters } from "./engine.js";

type Labels = Readonly<Record<string, string>>;

/** @param label `name`, or `name=value` */
export function hasLabel(labels: Labels, label: string): boolean {
  const [name = "", ...value] = label.split("=");
  if (!Object.hasOwn(labels, name)) return false;
  return value.length === 0 || labels[name] === value.join("=");
}

/** No filter lets everything pass; of several values one will do. */
export function anyOf<T>(values: readonly T[] | undefined, matches: (value: T) => boolean): boolean {
  return values === undefined || values.length === 0 || values.some(matches);
}

export function hasLabels(labels: Labels, wanted: readonly string[] | undefined): boolean {
  return (wanted ?? []).every((label) => hasLabel(labels, label));
}

export function passesPrune(object: { readonly labels: Labels; readonly created: Date }, filters: PruneFilters): boolean {
  const { label, "label!": without, until } = filters;
  return (
    hasLabels(object.labels, label) &&
    !(without ?? []).some((each) => hasLabel(object.labels, each)) &&
    (until === undefined || object.created < until)
  );
}

export function passesEvent(event: EngineEvent, filters: EventFilters): boolean {
  const { type, action, id, attributes } = event;
  // `exec_start: sh -c ls` and `health_status: healthy` are kinds of the action before the colon.
  const [kind] = action.split(":", 1);
  return (
    anyOf(filters.type, (value) => type === value) &&
    anyOf(filters.event, (value) => action === value || kind === value) &&
    anyOf(filters.container, (value) => type === "container" && isNamed(value, id, [attributes["name"]])) &&
    anyOf(filters.image, (value) =>
      type === "image"
        ? isNamed(value, id.replace(/^sha256:/, ""), imageNames(attributes["name"]))
        : imageNames(attributes["image"]).includes(value),
    ) &&
    anyOf(filters.network, (value) => type === "network" && isNamed(value, id, [attributes["name"]])) &&
    hasLabels(attributes, filters.label)
  );
}

/** Names are whole, ids may be cut short. */
export function isNamed(value: string, id: string, names: readonly (string | undefined)[]): boolean {
  return names.includes(value) || (value !== "" && (id.startsWith(value) || `sha256:${id}`.startsWith(value)));
}

/** `docker.io/library/busybox:latest` is asked for as `busybox`, too. */
export function imageNames(name: string | undefined): string[] {
  if (name === undefined) return [];
  const familiar = name.replace(/^docker\.io\/(library\/)?/, "");
  const tagged = /:[^/]+$/.test(familiar) ? familiar : `${familiar}:latest`;
  return [...new Set([name, familiar, tagged, tagged.replace(/:latest$/, "")])];
}

/** @param pattern `*` stands for anything; a repository stands for all of its tags */
export function matchesReference(name: string, pattern: string): boolean {
  const expression = new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  );
  return expression.test(name) || expression.test(name.replace(/:[^:/]+$/, ""));
}
