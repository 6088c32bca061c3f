/** What `up` and `down` would do, as data. */
import { describe, expect, it } from "vitest";
import type { Project } from "../../../src/compose/model/project.js";
import { configHash, containerSpec } from "../../../src/compose/plan/container-spec.js";
import { stopOrder } from "../../../src/compose/plan/plan-down.js";
import { type ProjectContainer, planImage, planUp, type UpChoices } from "../../../src/compose/plan/plan-up.js";
import { eachInOrder } from "../../../src/compose/run/in-order.js";
import { projectOf, webOf } from "./project.js";

const IMAGE = "sha256:1";
const NO_CONFIG = { healthcheck: undefined, volumes: [] };

function existing(project: Project, service: string, number: number, more: Partial<ProjectContainer> = {}): ProjectContainer {
  const known = project.services.get(service);
  return {
    id: `${service}${number}`,
    name: `shop-${service}-${number}`,
    service,
    number,
    configHash: known && configHash(project, known),
    imageId: IMAGE,
    status: "running",
    mounts: [],
    dependsOn: [],
    ...more,
  };
}

function actionsOf(project: Project, containers: readonly ProjectContainer[], choices: Partial<UpChoices> = {}): Record<string, string[]> {
  const names = [...project.services.keys()];
  const all: UpChoices = { selected: new Set(names), recreate: () => "changed", scales: {}, ...choices };
  const { services } = planUp(project, containers, new Map(names.map((name) => [name, IMAGE])), all);
  return Object.fromEntries(services.map(({ service, actions }) => [service.name, actions.map(({ kind, number }) => `${kind} ${number}`)]));
}

const SHOP = `
services:
  web: {image: busybox, depends_on: {db: {condition: service_started, restart: true}}}
  side: {image: busybox, network_mode: "service:web"}
  db: {image: busybox}
`;

describe("what up does", () => {
  it("makes what is missing, each after what it needs", async () => {
    const actions = actionsOf(await projectOf(SHOP), []);
    expect(Object.entries(actions)).toEqual([
      ["db", ["create 1"]],
      ["web", ["create 1"]],
      ["side", ["create 1"]],
    ]);
  });

  it("leaves what has not changed, and starts what has ended", async () => {
    const project = await projectOf(SHOP);
    const containers = [existing(project, "web", 1), existing(project, "db", 1, { status: "exited" }), existing(project, "side", 1)];
    expect(actionsOf(project, containers)).toEqual({ db: ["start 1"], web: ["keep 1"], side: ["keep 1"] });
  });

  it("replaces what has changed, what shares its namespaces, and starts again what wants to be", async () => {
    const project = await projectOf(SHOP);
    const same = ["web", "side"].map((name) => existing(project, name, 1));
    expect(actionsOf(project, [...same, existing(project, "db", 1, { configHash: "other" })])).toEqual({
      db: ["recreate 1"],
      web: ["restart 1"],
      side: ["keep 1"],
    });
    const other = [existing(project, "web", 1, { imageId: "sha256:2" }), existing(project, "side", 1), existing(project, "db", 1)];
    expect(actionsOf(project, other)).toEqual({ db: ["keep 1"], web: ["recreate 1"], side: ["recreate 1"] });
    expect(actionsOf(project, other, { recreate: () => "never" })).toEqual({ db: ["keep 1"], web: ["keep 1"], side: ["keep 1"] });
    const forced = actionsOf(project, same, { recreate: (name) => (name === "side" ? "always" : "changed"), selected: new Set(["side"]) });
    expect(forced).toEqual({ side: ["recreate 1"] });
  });

  it("scales, fills gaps, and takes away those that do not run first", async () => {
    const project = await projectOf("services: {web: {image: b, scale: 2}}");
    expect(actionsOf(project, [existing(project, "web", 2)])).toEqual({ web: ["keep 2", "create 1"] });
    const three = [existing(project, "web", 1, { status: "exited" }), existing(project, "web", 2), existing(project, "web", 3)];
    expect(actionsOf(project, three)).toEqual({ web: ["remove 1", "keep 2", "keep 3"] });
    expect(actionsOf(project, three, { scales: { web: 0 } })).toEqual({ web: ["remove 1", "remove 2", "remove 3"] });
  });

  it("finds containers of services that are gone, and none of those in other profiles", async () => {
    const project = await projectOf("services: {web: {image: b}, tool: {image: b, profiles: [x]}}");
    const containers = ["web", "tool", "gone"].map((name) => existing(project, name, 1));
    const { orphans } = planUp(project, containers, new Map(), { selected: new Set(["web"]), recreate: () => "changed", scales: {} });
    expect(orphans.map(({ name }) => name)).toEqual(["shop-gone-1"]);
  });
});

describe("the hash of a service", () => {
  const hashOf = async (text: string): Promise<string> => {
    const project = await projectOf(text);
    return configHash(project, project.services.get("web")!);
  };
  const base = "services: {web: {image: b, environment: {A: 1, B: 2}}}";

  it.each([
    ["the order of keys", "services: {web: {environment: [B=2, A=1], image: b}}"],
    ["scale", "services: {web: {image: b, scale: 3, environment: {A: 1, B: 2}}}"],
    ["dependencies", "services: {web: {image: b, depends_on: [x], environment: {A: 1, B: 2}}, x: {image: b}}"],
  ])("is the same whatever %s", async (_, text) => {
    expect(await hashOf(text)).toBe(await hashOf(base));
  });

  it.each([
    ["an image", "services: {web: {image: c, environment: {A: 1, B: 2}}}"],
    ["a variable", "services: {web: {image: b, environment: {A: 1, B: 3}}}"],
    ["a label", "services: {web: {image: b, labels: [x], environment: {A: 1, B: 2}}}"],
    ["a health check", "services: {web: {image: b, healthcheck: {retries: 1}, environment: {A: 1, B: 2}}}"],
    ["a network's name", "networks: {default: {name: x}}\nservices: {web: {image: b, environment: {A: 1, B: 2}}}"],
    ["a config's content", "configs: {c: {content: x}}\nservices: {web: {image: b, configs: [c], environment: {A: 1, B: 2}}}"],
  ])("is another one with %s", async (_, text) => {
    expect(await hashOf(text)).not.toBe(await hashOf(base));
  });
});

describe("a container's spec", () => {
  it("has names, labels and endpoints as docker's Compose gives them", async () => {
    const project = await projectOf(
      "services: {web: {image: b, depends_on: [db], volumes: ['data:/d'], networks: {default: {aliases: [www]}}, labels: {mine: x}}, db: {image: b}}\nvolumes: {data: }",
    );
    const web = project.services.get("web")!;
    expect(containerSpec(project, web, 2, { imageId: IMAGE, imageConfig: NO_CONFIG, containerOf: String })).toEqual({
      image: "b",
      name: "shop-web-2",
      env: {},
      mounts: [{ type: "volume", source: "shop_data", target: "/d" }],
      networks: { shop_default: { aliases: ["web", "www"] } },
      labels: {
        mine: "x",
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "com.docker.compose.container-number": "2",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.config-hash": configHash(project, web),
        "com.docker.compose.image": IMAGE,
        "com.docker.compose.depends_on": "db:service_started:false",
        "com.docker.compose.project.config_files": "/srv/shop/compose.yaml",
        "com.docker.compose.project.working_dir": "/srv/shop",
        "com.docker.compose.version": "2.40.3",
      },
    });
  });

  it("goes on with the anonymous volumes of the container that it replaces", async () => {
    const project = await projectOf("services: {web: {image: b, volumes: [/own, 'data:/named'], tmpfs: /gone}}\nvolumes: {data: }");
    const mount = (name: string, target: string) => ({ type: "volume", name, source: "", target, readonly: false }) as const;
    const { mounts } = containerSpec(project, project.services.get("web")!, 1, {
      imageId: IMAGE,
      imageConfig: { healthcheck: undefined, volumes: ["/image", "/new"] },
      containerOf: String,
      inherited: [mount("v1", "/own"), mount("v2", "/named"), mount("v3", "/image"), mount("v4", "/gone"), mount("v5", "/undeclared")],
    });
    expect(mounts).toEqual([
      { type: "volume", source: "v1", target: "/own" },
      { type: "volume", source: "shop_data", target: "/named" },
      { type: "tmpfs", target: "/gone", options: [] },
      { type: "volume", source: "v3", target: "/image" },
    ]);
  });

  it("shares namespaces and volumes of another service's container, and completes the image's health check", async () => {
    const project = await projectOf(
      "services: {web: {image: b, network_mode: 'service:db', ipc: 'container:x', volumes_from: ['db:ro'], healthcheck: {interval: 1s}}, db: {image: b}}",
    );
    const spec = containerSpec(project, project.services.get("web")!, 1, {
      imageId: IMAGE,
      imageConfig: { healthcheck: { test: ["CMD", "true"], retries: 5 }, volumes: [] },
      containerOf: (service) => `shop-${service}-1`,
    });
    expect(spec).toMatchObject({
      networkMode: "container:shop-db-1",
      ipcMode: "container:x",
      volumesFrom: ["shop-db-1:ro"],
      healthcheck: { test: ["CMD", "true"], retries: 5, intervalMs: 1000 },
    });
    expect(spec.networks).toBeUndefined();
  });
});

describe("where an image comes from", () => {
  const CHOICES = { build: false, noBuild: false, pull: undefined };
  it.each([
    ["image: b", true, {}, "use"],
    ["image: b", false, {}, "pull"],
    ["image: b, pull_policy: always", true, {}, "pull"],
    ["image: b, pull_policy: never", false, {}, "use"],
    ["image: b, pull_policy: always", true, { pull: "never" }, "use"],
    ["image: b", true, { pull: "always" }, "pull"],
    ["build: .", false, {}, "build"],
    ["build: .", true, {}, "use"],
    ["build: .", true, { build: true }, "build"],
    ["build: ., pull_policy: build", true, {}, "build"],
    ["build: .", false, { noBuild: true }, "use"],
    ["image: b, build: .", false, {}, "build"],
    ["image: b, build: ., pull_policy: missing", false, {}, "pull"],
    ["image: b, build: ., pull_policy: always", true, { build: true }, "build"],
  ] as const)("{%s}, here: %s, %j", async (keys, isHere, choices, action) => {
    expect(planImage(await webOf(`services: {web: {${keys}}}`), isHere, { ...CHOICES, ...choices })).toBe(action);
  });
});

describe("order", () => {
  it("of stopping: those that need others before these, circles and all", async () => {
    const project = await projectOf(SHOP);
    const containers = [
      existing(project, "db", 1),
      existing(project, "web", 1, { dependsOn: ["db"] }),
      existing(project, "web", 2, { dependsOn: ["db"] }),
      existing(project, "side", 1, { dependsOn: ["web"] }),
    ];
    const names = (groups: readonly (readonly ProjectContainer[])[]): string[][] => groups.map((group) => group.map(({ id }) => id));
    expect(names(stopOrder(containers))).toEqual([["side1"], ["web1", "web2"], ["db1"]]);
    const circle = [existing(project, "a", 1, { dependsOn: ["b"] }), existing(project, "b", 1, { dependsOn: ["a"] })];
    expect(names(stopOrder(circle))).toEqual([["a1", "b1"]]);
  });

  it("of work: at once unless one needs the other; what needs a failure is not begun", async () => {
    const told: string[] = [];
    const before: Readonly<Record<string, readonly string[]>> = { c: ["a", "b"], d: ["bad"], e: ["d"] };
    const work = eachInOrder(
      ["e", "d", "c", "bad", "b", "a"],
      (name) => before[name] ?? [],
      async (name) => {
        told.push(`+${name}`);
        await Promise.resolve();
        if (name === "bad") throw new Error("bad failed");
        told.push(`-${name}`);
      },
    );
    await expect(work).rejects.toThrow("bad failed");
    expect(told.indexOf("+c")).toBeGreaterThan(Math.max(told.indexOf("-a"), told.indexOf("-b")));
    expect(told).not.toContain("+d");
    expect(told).not.toContain("+e");
  });
});
