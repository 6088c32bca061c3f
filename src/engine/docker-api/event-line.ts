/** An event as `GET /events` writes it: docker's fields, those of before 1.22 included. Pure. */
import type { EngineEvent } from "../engine.js";

export function eventJson({ type, action, id, time, attributes }: EngineEvent): Readonly<Record<string, unknown>> {
  const ms = time.getTime();
  // Images are events of a name, where they have one.
  const actor = type === "image" && ["pull", "push"].includes(action) ? familiar(attributes["name"] ?? id) : id;
  const from = type === "container" ? attributes["image"] : undefined;
  return {
    ...(type === "container" || type === "image" ? { status: action, id: actor, ...(from === undefined ? {} : { from }) } : {}),
    Type: type,
    Action: action,
    Actor: { ID: actor, Attributes: type === "image" ? { ...attributes, name: familiar(attributes["name"] ?? "") } : attributes },
    scope: "local",
    time: Math.floor(ms / 1000),
    timeNano: ms * 1_000_000,
  };
}

function familiar(name: string): string {
  return name.replace(/^docker\.io\/(library\/)?/, "");
}
