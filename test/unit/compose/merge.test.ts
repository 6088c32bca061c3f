import { describe, expect, it } from "vitest";
import { plainOf } from "../../../src/compose/files/tree.js";
import { type Files, problemsOf, projectOf } from "./project.js";

async function webKeys(base: string, over: string): Promise<Record<string, unknown>> {
  const file = (keys: string): string => `services:\n  web:\n    image: busybox\n${keys.replace(/^(?=.)/gm, "    ")}`;
  const files: Files = { "compose.yaml": `${file(base)}\nvolumes: {data: {}, other: {}}`, "compose.override.yml": file(over) };
  const { tree } = await projectOf(files);
  const { services } = plainOf(tree) as { readonly services: { readonly web: Record<string, unknown> } };
  const { image: _, ...rest } = services.web;
  return rest;
}

describe("two files together", () => {
  it.each([
    ["a value is replaced", "user: a", "user: b", { user: "b" }],
    ["a command is replaced", "command: [a, b]", "command: c", { command: "c" }],
    ["an entry point is replaced", "entrypoint: [a]", "entrypoint: [b]", { entrypoint: ["b"] }],
    [
      "variables are merged, in either notation",
      "environment: [A=1, B=2, C]",
      "environment: {B: x, D: y}",
      { environment: { A: "1", B: "x", C: null, D: "y" } },
    ],
    ["labels are merged", "labels: {a: 1}", "labels: [b=2]", { labels: { a: 1, b: "2" } }],
    ["lists are joined", "cap_add: [CHOWN, KILL]", "cap_add: [KILL, MKNOD]", { cap_add: ["CHOWN", "KILL", "MKNOD"] }],
    ["one value and a list are joined", "dns: 1.1.1.1", "dns: [8.8.8.8]", { dns: ["1.1.1.1", "8.8.8.8"] }],
    [
      "the same port counts once",
      'ports: ["80:80", "81"]',
      'ports: [{target: 80, published: "80", host_ip: 0.0.0.0}, "80:80/udp"]',
      { ports: [{ target: 80, published: "80", host_ip: "0.0.0.0" }, "81", "80:80/udp"] },
    ],
    [
      "a target is mounted once",
      "volumes: [./a:/x, data:/y]",
      "volumes: [other:/x:ro, {type: tmpfs, target: /y}]",
      { volumes: ["other:/x:ro", { type: "tmpfs", target: "/y" }] },
    ],
    ["a build is a context", "build: .", "build: {target: t, args: [A=1]}", { build: { context: ".", target: "t", args: ["A=1"] } }],
    [
      "health checks are merged but for the test",
      "healthcheck: {test: [CMD, a, b], interval: 1s}",
      "healthcheck: {test: c}",
      { healthcheck: { test: "c", interval: "1s" } },
    ],
    [
      "options of one driver of logs are no other's",
      "logging: {driver: json-file, options: {max-size: 1m}}",
      "logging: {driver: local}",
      { logging: { driver: "local" } },
    ],
    ["null leaves a map as it is", "environment: {A: 1}", "environment:", { environment: { A: 1 } }],
    ["!reset takes away", 'ports: ["80"]\nuser: a', "ports: !reset []\nuser: !reset null", {}],
    ["!override takes the place", "ports: ['80']", "ports: !override ['81']", { ports: ["81"] }],
    ["!reset of one key", "environment: {A: 1, B: 2}", "environment: {A: !reset null}", { environment: { B: 2 } }],
  ])("%s", async (_, base, over, expected) => {
    expect(await webKeys(base, over)).toEqual(expected);
  });

  it("dependencies and networks are merged by name", async () => {
    const base =
      "services:\n  web:\n    image: b\n    depends_on: [db]\n    networks: [front]\n  db: {image: b}\nnetworks: {front: , back: }";
    const over = "services:\n  web:\n    depends_on: {db: {condition: service_healthy}}\n    networks: {front: {aliases: [www]}, back: }";
    const project = await projectOf({ "compose.yaml": base, "compose.override.yaml": over });
    const web = project.services.get("web");
    expect([...web!.dependsOn]).toEqual([["db", { condition: "service_healthy", restart: false, required: true }]]);
    expect([...web!.networks]).toEqual([
      ["front", { aliases: ["www"] }],
      ["back", {}],
    ]);
  });

  it("what can't be merged is told where it stands", async () => {
    const files = { "a.yaml": "services: {web: {image: b, deploy: {replicas: 1}}}", "b.yaml": "services:\n  web:\n    deploy: [a]" };
    expect(await problemsOf(files, { files: ["a.yaml", "b.yaml"] })).toEqual([
      "b.yaml:3:13: services.web.deploy: a list can't be merged with the map of an earlier file",
    ]);
  });

  it("anchors, merge keys and documents of one file", async () => {
    const { tree } = await projectOf(`
x-common: &common {image: busybox, restart: always}
x-env: &env {A: 1, B: 2}
services:
  web:
    <<: *common
    restart: "no"
    environment: {<<: [{B: 9}, *env], C: 3}
---
services: {web: {user: me}}
`);
    expect(plainOf(tree)).toMatchObject({
      services: { web: { image: "busybox", restart: "no", user: "me", environment: { A: 1, B: 9, C: 3 } } },
    });
  });
});

describe("extends", () => {
  it("puts a service on top of another one of another file, whose paths begin at that file", async () => {
    const project = await projectOf({
      "compose.yaml": `
services:
  web:
    extends: {file: base/common.yaml, service: app}
    environment: {B: own}
    command: mine
volumes: {data: }`,
      "base/common.yaml": `
services:
  app:
    extends: root
    build: {context: ./src}
    env_file: app.env
    environment: [A=1, B=2]
    volumes: [./conf:/conf, data:/data]
  root: {command: theirs, user: root}`,
      "base/app.env": "FROM_FILE=yes\nA=lost\n",
    });
    expect(project.services.get("web")).toMatchObject({
      image: "shop-web",
      build: { context: "/srv/shop/base/src" },
      spec: { command: ["mine"], user: "root", env: { FROM_FILE: "yes", A: "1", B: "own" } },
      mounts: [
        { type: "bind", source: "/srv/shop/base/conf", target: "/conf" },
        { type: "volume", source: "data", target: "/data" },
      ],
    });
  });

  it("has an end", async () => {
    const text = "services:\n  web:\n    image: b\n    extends: {service: a}\n  a:\n    extends: web\n    image: b\n";
    expect(await problemsOf(text)).toEqual([
      "compose.yaml:4:14: services.web.extends: services that extend each other have no end",
      "compose.yaml:6:14: services.a.extends: services that extend each other have no end",
    ]);
  });

  it("names what is not there", async () => {
    const text = "services:\n  web: {image: b, extends: {service: daa}}\n  dab: {image: b, extends: {service: x, file: no.yaml}}\n";
    expect(await problemsOf(text)).toEqual([
      'compose.yaml:2:28: services.web.extends: there is no service "daa"; did you mean "dab"?',
      "compose.yaml:3:47: services.dab.extends.file: the file no.yaml is not there",
    ]);
  });
});

describe("include", () => {
  it("takes parts of another project along, with its paths and its variables", async () => {
    const project = await projectOf(
      {
        "compose.yaml": "include: [db/compose.yaml]\nservices: {web: {image: b, depends_on: [db]}}",
        "db/compose.yaml": "services: {db: {image: $IMAGE, volumes: ['./data:/data', 'store:/store']}}\nvolumes: {store: }",
        "db/.env": "IMAGE=postgres\n",
      },
      {},
    );
    expect(project.services.get("db")).toMatchObject({
      image: "postgres",
      mounts: [{ source: "/srv/shop/db/data" }, { source: "store" }],
    });
    expect(project.volumes.get("store")).toMatchObject({ name: "shop_store" });
  });

  it("tells of what both have, and of files that are not there", async () => {
    const files = {
      "compose.yaml": "include:\n  - other.yaml\n  - path: none.yaml\nservices:\n  web: {image: b}",
      "other.yaml": "services: {web: {image: c}}",
    };
    expect(await problemsOf(files)).toEqual([
      "compose.yaml:3:5: include[1]: the file /srv/shop/none.yaml is not there",
      "compose.yaml:5:3: services.web: the included file other.yaml has it, too",
    ]);
  });
});
