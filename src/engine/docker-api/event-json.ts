/** `GET /events`: one message, as an event of the contract. Pure. */
import type { EngineEvent } from "../engine.js";

export interface EventJson {
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null };
  /** Seconds since the epoch. */
  readonly time?: number;
  readonly timeNano?: number;
}

const TYPES: readonly string[] = ["container", "image", "network", "volume"];
/** Podman's words for what Docker calls otherwise. */
const ACTIONS: Readonly<Record<string, string>> = { died: "die", exec_died: "exec_die", remove: "destroy" };

/** Undefined for what the contract has no event for: those of plugins, builders, the daemon itself. */
export function eventOf({
  Type: type = "",
  Action: action = "",
  Actor: actor = {},
  time = 0,
  timeNano,
}: EventJson): EngineEvent | undefined {
  if (!TYPES.includes(type)) return undefined;
  const renamed = type === "container" ? ACTIONS[action] : undefined;
  return {
    type: type as EngineEvent["type"],
    action: renamed ?? action,
    id: actor.ID ?? "",
    time: new Date(timeNano === undefined ? time * 1000 : timeNano / 1e6),
    attributes: attributesOf(actor.Attributes ?? {}),
  };
}

/** The old name of a container that was renamed begins with a slash there. */
function attributesOf(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { oldName } = attributes;
  return oldName === undefined ? attributes : { ...attributes, oldName: oldName.replace(/^\//, "") };
}

/** Seconds with a fraction, as `since` and `until` take them. */
export function secondsOf(date: Date): string {
  return (date.getTime() / 1000).toFixed(3);
}
