/** Everything that is wrong with a file, at once and where it stands. */
import { describe, expect, it } from "vitest";
import { isCaissonError } from "../../../src/engine/errors.js";
import { problemsOf, projectOf } from "./project.js";

describe("problems of a Compose file", () => {
  it("are told all at once, in order, with a near name where there is one", async () => {
    const text = `services:
  web:
    image: busybox
    portz: ["80"]
    depends_on: [bd]
    environment: {A: [1]}
    gpus: all
    restart: sometimes
    networks: [frnt]
  db:
    image: \${NOPE:?set it}
    mem_limit: lots
    volumes: ["data:/x", "./x:relative"]
networks: {front: {driver: overlay}}
volums: {}
`;
    expect(await problemsOf(text)).toEqual([
      'compose.yaml:4:5: services.web.portz: there is no such key; did you mean "ports"?',
      'compose.yaml:5:18: services.web.depends_on[0]: there is no service "bd"; did you mean "db"?',
      "compose.yaml:6:22: services.web.environment.A: expected text, not a list",
      "compose.yaml:7:5: services.web.gpus: not served: name the devices with `devices`",
      'compose.yaml:8:14: services.web.restart: expected no, always, unless-stopped or on-failure[:COUNT], not "sometimes"',
      'compose.yaml:9:16: services.web.networks[0]: there is no network "frnt" among the top-level networks; did you mean "front"?',
      "compose.yaml:11:12: services.db.image: the variable NOPE is required and has no value: set it",
      'compose.yaml:12:16: services.db.mem_limit: expected a size such as 512m or 2gb, not "lots"',
      'compose.yaml:13:15: services.db.volumes[0]: there is no volume "data" among the top-level volumes',
      'compose.yaml:13:26: services.db.volumes[1]: the target "relative" is not an absolute path of the container',
      'compose.yaml:14:28: networks.front.driver: not served: the driver "overlay"; networks are bridges',
      'compose.yaml:15:1: volums: there is no such key; did you mean "volumes"?',
    ]);
  });

  it("are one error with a remedy", async () => {
    const error: unknown = await projectOf("services:\n  web: {image: b, prots: []}\n  x: {}").catch((reason: unknown) => reason);
    expect(isCaissonError(error, "COMPOSE_INVALID") && error.message).toBe(
      [
        "The Compose file has 2 problems",
        'compose.yaml:2:19: services.web.prots: there is no such key; did you mean "ports"?',
        "compose.yaml:3:3: services.x: it has neither an image nor a build",
        "Remedy: Change what is named; `caisson compose config` checks the files and shows what they say together.",
      ].join("\n"),
    );
  });

  it.each([
    ["services: {web: {image: b}", /^compose\.yaml:1:27: : not YAML: /],
    ["services:\n  web: {image: b}\n  web: {image: c}", /^compose\.yaml:3:3: : not YAML: map keys must be unique/],
    ["a: *b", /^compose\.yaml:1:4: : (?:not YAML|\*b)/],
    ["- a", /^compose\.yaml:1:1: : a Compose file is a map with services, not a list/],
    ["", /^compose\.yaml:1:1: : there are no services/],
    ["services: [a]", /^compose\.yaml:1:11: services: expected a map, not a list/],
    ["services: {web: {image: b, ports: ['80-81:90']}}", /as many are needed/],
    ["services: {web: {image: b, ports: ['70000']}}", /no port and no range/],
    ["services: {web: {image: b, ports: [{published: 1}]}}", /a target is missing/],
    ["services: {web: {image: b, scale: 2, container_name: x}}", /one container_name can't be that of 2 containers/],
    ["services: {web: {image: b, network_mode: host, networks: [default]}}", /network_mode and networks exclude each other/],
    ["services: {web: {image: b, healthcheck: {test: [ls]}}}", /begins with CMD, CMD-SHELL or NONE/],
    ['services: {web: {image: b, command: "\'a"}}', /a quote is not closed/],
    ["services: {web: {image: b, cpus: many}}", /expected a number, not "many"/],
    ["services: {web: {image: b, stop_grace_period: 10}}", /expected a duration/],
    ["services: {web: {image: b, security_opt: [x]}}", /"x" is no known security option/],
    ["services: {web: {image: b, volumes: [/a, /a]}}", /two mounts have the target \/a/],
    ["services: {web: {image: b, secrets: [s]}}", /no secret "s" among the top-level secrets/],
    ["services: {web: {image: b, links: ['web2:x']}, web2: {image: b}}", /not served: the name "x" for a link/],
    ["services: {web: {image: b, env_file: none.env}}", /the file \/srv\/shop\/none\.env is not there/],
    ["services: {web: {image: b, depends_on: [web]}}", /services need each other in a circle: web -> web/],
    ["services: {a: {image: b, depends_on: [c]}, c: {image: b, network_mode: 'service:a'}}", /in a circle: a -> c -> a/],
    ["services: {'we b': {image: b}}", /"we b" is no name/],
    ["services: {web: {image: b, pull_policy: daily}}", /not served: the policy daily/],
    ["services: {web: {build: {context: ., dockerfile: a, dockerfile_inline: b}}}", /exclude each other/],
    ["services: {web: {build: {cache_to: [x]}}}", /not served: there is one cache/],
    ["secrets: {s: {external: true}}\nservices: {web: {image: b}}", /not served: an orchestrator keeps such ones/],
    ["secrets: {s: {}}\nservices: {web: {image: b}}", /expected one of file, content and environment/],
  ])("%s", async (text, expected) => {
    expect((await problemsOf(text)).join("\n")).toMatch(expected);
  });

  it("are one where a file is not YAML, whatever follows from that, beside those of the other files", async () => {
    const broken = `services:
  web:
    image: b
    healthcheck: {test: wget http://x || [ $$? = 1 ], interval: 1s}
    ports:
      - "80"
  db: {image: b}
---
services: {web: {imag: b}}
`;
    const files = {
      "one.yaml": broken,
      "two.yaml": "services: {db: {imag: b}",
      "three.yaml": "- a",
      "four.yaml": "services: {x: {extends: web}}",
    };
    expect(await problemsOf(files, { files: Object.keys(files) })).toEqual([
      "one.yaml:4:42: : not YAML: unexpected flow-seq-start at node end",
      expect.stringMatching(/^two\.yaml:1:25: : not YAML: /),
      "three.yaml:1:1: : a Compose file is a map with services, not a list",
    ]);
  });

  it("are not told again by who extends a service of a file that is not YAML", async () => {
    const extending = "services: {web: {image: b, extends: {file: other.yaml, service: web}}}";
    const broken = { "compose.yaml": extending, "other.yaml": "services: {web: {image: b}" };
    expect(await problemsOf(broken)).toEqual([expect.stringMatching(/^other\.yaml:1:27: : not YAML: /)]);
    const problem = (message: string) => [`compose.yaml:1:44: services.web.extends.file: ${message}`];
    expect(await problemsOf({ "compose.yaml": extending, "other.yaml": "" })).toEqual(problem("other.yaml has no services"));
    expect(await problemsOf(extending)).toEqual(problem("the file other.yaml is not there"));
  });

  it("are names and limits that no engine takes", async () => {
    const text = `services:
  web:
    image: b
    ulimits:
      nofle: 3
      core: {soft: 2, hard: 1}
      cpu: {soft: -1, hard: 1}
      nproc: {soft: 2, hard: -1}
    cap_add: [NOPE, cap_sys_admim, CAP_NET_RAW, all]
    cap_drop: [X]
    environment: ["=x", A=b=c]
  db: {image: b, environment: {"": x, "a=b": y, C: z}}
`;
    expect(await problemsOf(text)).toEqual([
      'compose.yaml:5:7: services.web.ulimits.nofle: there is no such limit; did you mean "nofile"?',
      "compose.yaml:6:13: services.web.ulimits.core: the soft limit, 2, is above the hard one, 1",
      "compose.yaml:7:12: services.web.ulimits.cpu: the soft limit, -1, is above the hard one, 1",
      'compose.yaml:9:15: services.web.cap_add[0]: "NOPE" is no capability',
      'compose.yaml:9:21: services.web.cap_add[1]: "cap_sys_admim" is no capability; did you mean "SYS_ADMIN"?',
      'compose.yaml:10:16: services.web.cap_drop[0]: "X" is no capability',
      'compose.yaml:11:19: services.web.environment[0]: "" is no name of a variable: it is not empty, and has no =',
      'compose.yaml:12:32: services.db.environment.: "" is no name of a variable: it is not empty, and has no =',
      'compose.yaml:12:39: services.db.environment.a=b: "a=b" is no name of a variable: it is not empty, and has no =',
    ]);
  });

  it("are files of configs and secrets that are not there, where services that are enabled want them", async () => {
    const text = `services:
  web: {image: b, configs: [app, there], secrets: [key]}
  db: {image: b, configs: [app]}
  other: {image: b, secrets: [other], profiles: [more], env_file: none.env}
  built: {build: {context: ., secrets: [token]}}
configs:
  app: {file: ./none.conf}
  there: {file: there.conf}
  unused: {file: unused.conf}
secrets:
  key:
    file: /none/key
  other: {file: ./other}
  token: {file: ./token}
`;
    const files = { "compose.yaml": text, "there.conf": "" };
    const told = [
      "compose.yaml:7:15: configs.app.file: the file /srv/shop/none.conf is not there; it is for web, db",
      "compose.yaml:12:11: secrets.key.file: the file /none/key is not there; it is for web",
      "compose.yaml:14:17: secrets.token.file: the file /srv/shop/token is not there; it is for built",
    ];
    expect(await problemsOf(files)).toEqual(told);
    expect(await problemsOf(files, { profiles: ["*"], wanted: ["other"] })).toEqual([
      expect.stringContaining("none.env is not there"),
      ...told.slice(0, 2),
      "compose.yaml:13:17: secrets.other.file: the file /srv/shop/other is not there; it is for other",
      ...told.slice(2),
    ]);
    expect(await problemsOf(files, { profiles: ["*"], filesMayBeMissing: true })).toEqual([]);
  });

  it("aliases of aliases have an end", async () => {
    const lines = ["x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"];
    for (let index = 1; index < 8; index++)
      lines.push(
        `x-${index}: &a${index} [${Array(10)
          .fill(`*a${index - 1}`)
          .join(", ")}]`,
      );
    const [problem] = await problemsOf(`${lines.join("\n")}\nservices: {web: {image: b}}`);
    expect(problem).toMatch(/^compose\.yaml:\d+:\d+: : more than 100000 values, aliases followed$/);
  });
});
