import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../../src/engine/engine.js";
import { hasLabel, imageNames, passesEvent, passesPrune } from "../../../src/engine/filters.js";

const EVENT: EngineEvent = {
  type: "container",
  action: "exec_start: sh -c ls",
  id: "abcdef0123456789",
  time: new Date(0),
  attributes: { name: "web", image: "docker.io/library/busybox:latest", tier: "front=1" },
};

describe("labels", () => {
  it.each([
    ["tier", true],
    ["tier=front=1", true],
    ["tier=front", false],
    ["tier=", false],
    ["none", false],
    ["toString", false],
  ])("%s: %s", (label, expected) => {
    expect(hasLabel({ tier: "front=1" }, label)).toBe(expected);
  });
});

describe("events", () => {
  it.each([
    [{}, true],
    [{ type: ["image", "container"] }, true],
    [{ type: ["image"] }, false],
    [{ event: ["exec_start"] }, true],
    [{ event: ["exec_start: sh -c ls"] }, true],
    [{ event: ["exec"] }, false],
    [{ container: ["web"] }, true],
    [{ container: ["abcdef"] }, true],
    [{ container: ["eb"] }, false],
    [{ container: [""] }, false],
    [{ image: ["busybox"] }, true],
    [{ image: ["busybox:latest"] }, true],
    [{ image: ["busybox:1"] }, false],
    [{ label: ["tier"], container: ["web"] }, true],
    [{ label: ["tier", "none"] }, false],
    [{ type: [] }, true],
  ])("%j: %s", (filters, expected) => {
    expect(passesEvent(EVENT, filters)).toBe(expected);
  });

  it("of images are found by id and by name", () => {
    const tagged: EngineEvent = { ...EVENT, type: "image", id: "sha256:1234abcd", attributes: { name: "docker.io/me/app:2" } };
    for (const image of ["me/app:2", "docker.io/me/app:2", "1234", "sha256:1234"])
      expect(passesEvent(tagged, { image: [image] })).toBe(true);
    for (const image of ["me/app", "app:2", "234a"]) expect(passesEvent(tagged, { image: [image] })).toBe(false);
    expect(passesEvent(tagged, { container: ["1234"] })).toBe(false);
  });
});

it("what is pruned has the labels, lacks the others, and is old enough", () => {
  const object = { labels: { a: "1" }, created: new Date(1000) };
  expect(passesPrune(object, {})).toBe(true);
  expect(passesPrune(object, { label: ["a"], "label!": ["b"], until: new Date(1001) })).toBe(true);
  expect(passesPrune(object, { "label!": ["a=1"] })).toBe(false);
  expect(passesPrune(object, { until: new Date(1000) })).toBe(false);
});

it("images have their short names, too", () => {
  expect(imageNames("docker.io/library/busybox:latest")).toEqual(["docker.io/library/busybox:latest", "busybox:latest", "busybox"]);
  expect(imageNames("registry:5000/x")).toEqual(["registry:5000/x", "registry:5000/x:latest"]);
});
