import { expect, it } from "vitest";
import type { EventsOptions } from "../../../src/engine/engine.js";
import { EventBus } from "../../../src/engine/event-bus.js";

async function collect(bus: EventBus, options: EventsOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of bus.subscribe(options)) ids.push(id);
  return ids;
}

it("remembers the last thousand or so, and no more", async () => {
  const bus = new EventBus();
  for (let count = 0; count < 5000; count++) bus.emit("container", "create", String(count));
  const ids = await collect(bus, { since: new Date(0), until: new Date() });
  expect(ids).toHaveLength(1024);
  expect(ids.at(-1)).toBe("4999");
  expect(await collect(bus, { until: new Date() })).toEqual([]);
});

it("hands on what comes between two reads, and ends with the engine", async () => {
  const bus = new EventBus();
  const heard = bus.subscribe({ type: "image" });
  bus.emit("image", "pull", "one");
  bus.emit("container", "create", "two");
  bus.emit("image", "pull", "three");
  bus.close();
  const ids: string[] = [];
  for await (const { id } of heard) ids.push(id);
  expect(ids).toEqual(["one", "three"]);
  expect(await collect(bus, {})).toEqual([]);
});

it("ends at the moment that is asked for, and with the signal", async () => {
  const bus = new EventBus();
  expect(await collect(bus, { until: new Date(Date.now() + 20) })).toEqual([]);
  expect(await collect(bus, { signal: AbortSignal.timeout(20) })).toEqual([]);
  expect(await collect(bus, { signal: AbortSignal.abort() })).toEqual([]);
});
