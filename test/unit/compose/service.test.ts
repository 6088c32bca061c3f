/** Each key of a service, in the engine's terms. */
import { describe, expect, it } from "vitest";
import type { Service } from "../../../src/compose/model/project.js";
import { type Files, projectOf, webOf } from "./project.js";

const REST = `
  db: {image: busybox}
volumes: {data: }
networks: {front: }`;

const web = (keys: string, rest = REST): string =>
  `services:\n  web:\n    image: busybox\n${keys.trim().replace(/^(?=.)/gm, "    ")}${rest}`;

const spec = async (keys: string): Promise<Service["spec"]> => (await webOf(web(keys))).spec;

describe("keys of a service", () => {
  it.each([
    ["command: sh -c 'echo $$HOME'", { command: ["sh", "-c", "echo $HOME"] }],
    ["command: [a, 1, true]", { command: ["a", "1", "true"] }],
    ["command:", {}],
    ["entrypoint: []", { entrypoint: [] }],
    ["environment: {A: 1, B: true, C: '', D: 1.50, E: }", { env: { A: "1", B: "true", C: "", D: "1.50" } }],
    ["environment: [A=1, B=x=y, C=]", { env: { A: "1", B: "x=y", C: "" } }],
    [
      "user: 1000:1000\nworking_dir: /w\nhostname: h\ndomainname: d",
      { user: "1000:1000", workingDir: "/w", hostname: "h", domainname: "d" },
    ],
    [
      "tty: true\nstdin_open: yes\ninit: 'true'\nread_only: on\nprivileged: false",
      { tty: true, openStdin: true, init: true, readonlyRootfs: true, privileged: false },
    ],
    ["cap_add: [NET_ADMIN]\ncap_drop: [ALL]\ngroup_add: [1, video]", { capAdd: ["NET_ADMIN"], capDrop: ["ALL"], groupAdd: ["1", "video"] }],
    ["security_opt: ['no-new-privileges:true', 'seccomp=unconfined']", { noNewPrivileges: true, seccomp: "unconfined" }],
    ["dns: 1.1.1.1\ndns_search: [a, b]\ndns_opt: ['ndots:1']", { dns: ["1.1.1.1"], dnsSearch: ["a", "b"], dnsOptions: ["ndots:1"] }],
    [
      "extra_hosts: ['a:1.2.3.4', 'b=host-gateway', 'c:[::1]']",
      {
        extraHosts: [
          { host: "a", address: "1.2.3.4" },
          { host: "b", address: "host-gateway" },
          { host: "c", address: "::1" },
        ],
      },
    ],
    [
      "extra_hosts: {a: 1.2.3.4, b: [1.1.1.1, 2.2.2.2]}",
      {
        extraHosts: [
          { host: "a", address: "1.2.3.4" },
          { host: "b", address: "1.1.1.1" },
          { host: "b", address: "2.2.2.2" },
        ],
      },
    ],
    ["restart: always", { restartPolicy: { name: "always" } }],
    ["restart: no", { restartPolicy: { name: "no" } }],
    ["restart: on-failure:3", { restartPolicy: { name: "on-failure", maximumRetryCount: 3 } }],
    [
      "deploy: {restart_policy: {condition: on-failure, max_attempts: 2, delay: 1s}}",
      { restartPolicy: { name: "on-failure", maximumRetryCount: 2 } },
    ],
    ["stop_signal: SIGINT\nstop_grace_period: 1m30s", { stopSignal: "SIGINT", stopTimeoutMs: 90_000 }],
    ["shm_size: 64mb\nsysctls: {net.core.somaxconn: 1024}", { shmSizeBytes: 64 * 2 ** 20, sysctls: { "net.core.somaxconn": "1024" } }],
    [
      "ulimits: {nproc: 10, nofile: {soft: 1, hard: 2}}",
      {
        ulimits: [
          { name: "nproc", soft: 10, hard: 10 },
          { name: "nofile", soft: 1, hard: 2 },
        ],
      },
    ],
    [
      "devices: ['/dev/fuse', '/dev/a:/dev/b:r', {source: /dev/c, permissions: rw}]",
      {
        devices: [
          { hostPath: "/dev/fuse" },
          { hostPath: "/dev/a", containerPath: "/dev/b", permissions: "r" },
          { hostPath: "/dev/c", permissions: "rw" },
        ],
      },
    ],
    [
      "mem_limit: 64m\nmem_reservation: 1g\nmemswap_limit: -1\ncpus: '0.5'\npids_limit: 10\ncpuset: 0-1\ncpu_shares: 2",
      {
        resources: {
          memoryBytes: 2 ** 26,
          memoryReservationBytes: 2 ** 30,
          memorySwapBytes: -1,
          cpus: 0.5,
          pids: 10,
          cpusetCpus: "0-1",
          cpuShares: 2,
        },
      },
    ],
    [
      "deploy: {resources: {limits: {cpus: '2', memory: 1gb, pids: 5}, reservations: {memory: 5k, cpus: '1'}}}",
      { resources: { cpus: 2, memoryBytes: 2 ** 30, pids: 5, memoryReservationBytes: 5120 } },
    ],
    [
      "blkio_config: {weight: 300, device_read_bps: [{path: /dev/sda, rate: 1mb}]}",
      { resources: { blkioWeight: 300, blkioDeviceReadBps: [{ path: "/dev/sda", rate: 2 ** 20 }] } },
    ],
    ["logging: {driver: json-file, options: {max-size: 1m, max-file: '3'}}", { logMaxBytes: 3 * 2 ** 20 }],
    ["expose: [80, '81-82/udp']", { exposedPorts: ["80", "81/udp", "82/udp"] }],
    [
      "ports: ['80', '8080:80', '127.0.0.1:81:81/udp', '[::1]::82', 5000-5001:90-91]",
      {
        publish: [
          { containerPort: 80, protocol: "tcp" },
          { containerPort: 80, protocol: "tcp", hostPort: 8080 },
          { containerPort: 81, protocol: "udp", hostPort: 81, hostIp: "127.0.0.1" },
          { containerPort: 82, protocol: "tcp", hostIp: "::1" },
          { containerPort: 90, protocol: "tcp", hostPort: 5000 },
          { containerPort: 91, protocol: "tcp", hostPort: 5001 },
        ],
      },
    ],
    [
      "ports: [{target: 80, published: '8080', host_ip: 127.0.0.1, protocol: tcp, mode: host, name: web, app_protocol: http}]",
      { publish: [{ containerPort: 80, protocol: "tcp", hostPort: 8080, hostIp: "127.0.0.1" }] },
    ],
    [
      "platform: linux/amd64\noom_score_adj: 5\nuts: host\nannotations: [a=b]\nx-mine: {anything: 1}",
      { platform: "linux/amd64", oomScoreAdj: 5, utsMode: "host", annotations: { a: "b" } },
    ],
  ])("%s", async (keys, expected) => {
    expect(await spec(keys)).toEqual({ env: {}, ...expected });
  });

  it.each([
    ["volumes: [/anonymous]", [{ type: "volume", target: "/anonymous" }]],
    ["volumes: ['data:/d:ro,nocopy']", [{ type: "volume", source: "data", target: "/d", readonly: true, noCopy: true }]],
    [
      "volumes: ['./x:/x', '~/y:/y:ro', '/z:/z:rslave']",
      [
        { type: "bind", source: "/srv/shop/x", target: "/x", createSource: true },
        { type: "bind", source: "/home/me/y", target: "/y", readonly: true, createSource: true },
        { type: "bind", source: "/z", target: "/z", createSource: true, propagation: "rslave" },
      ],
    ],
    [
      "volumes: [{type: bind, source: ., target: /b, read_only: true, bind: {create_host_path: false, propagation: shared}}]",
      [{ type: "bind", source: "/srv/shop", target: "/b", readonly: true, createSource: false, propagation: "shared" }],
    ],
    [
      "volumes: [{type: volume, source: data, target: /v, volume: {nocopy: true, subpath: s}}]",
      [{ type: "volume", source: "data", target: "/v", noCopy: true, subpath: "s" }],
    ],
    [
      "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}]",
      [{ type: "tmpfs", target: "/t", sizeBytes: 2 ** 20, mode: 0o700 }],
    ],
    [
      "volumes: [{type: image, source: busybox, target: /i, image: {subpath: bin}}]",
      [{ type: "image", source: "busybox", target: "/i", subpath: "bin" }],
    ],
    ["tmpfs: /t", [{ type: "tmpfs", target: "/t", options: [] }]],
    ["tmpfs: ['/t:size=1m,mode=700']", [{ type: "tmpfs", target: "/t", options: ["size=1m", "mode=700"] }]],
  ])("%s", async (keys, mounts) => {
    expect((await webOf(web(keys), { environment: { HOME: "/home/me" } })).mounts).toEqual(mounts);
  });

  it.each([
    [
      "healthcheck: {test: curl x, interval: 1s, timeout: 500ms, retries: 3, start_period: 1m, start_interval: 2s}",
      {
        test: ["CMD-SHELL", "curl x"],
        intervalMs: 1000,
        timeoutMs: 500,
        retries: 3,
        startPeriodMs: 60_000,
        startIntervalMs: 2000,
      },
    ],
    ["healthcheck: {test: [CMD, a, b]}", { test: ["CMD", "a", "b"] }],
    ["healthcheck: {test: [NONE]}", "none"],
    ["healthcheck: {disable: true}", "none"],
    ["healthcheck: {interval: 1s}", { intervalMs: 1000 }],
  ])("%s", async (keys, check) => {
    expect((await webOf(web(keys))).healthcheck).toEqual(check);
  });

  it("dependencies, those that other keys imply too", async () => {
    const service = await webOf(
      web(
        "depends_on: {db: {condition: service_healthy, restart: true, required: false}}\npid: service:other",
        "\n  db: {image: b}\n  other: {image: b}",
      ),
    );
    expect([...service.dependsOn]).toEqual([
      ["db", { condition: "service_healthy", restart: true, required: false }],
      ["other", { condition: "service_started", restart: false, required: true }],
    ]);
    expect(service.pidMode).toEqual({ service: "other" });
    const linked = await webOf(web("links: [db, 'db:db']\nnetwork_mode: none\nipc: shareable"));
    expect([[...linked.dependsOn.keys()], linked.networkMode, linked.ipcMode, linked.networks.size]).toEqual([
      ["db"],
      "none",
      "shareable",
      0,
    ]);
  });

  it("scales, names, labels and policies", async () => {
    const service = await webOf(
      web("scale: 3\npull_policy: if_not_present\nlabels: [a=1, b]\nprofiles: []\nattach: false\nvolumes_from: ['db:ro', 'container:x']"),
    );
    expect(service).toMatchObject({
      scale: 3,
      pullPolicy: "missing",
      labels: { a: "1", b: "" },
      attach: false,
      volumesFrom: [
        { service: "db", readonly: true },
        { container: "x", readonly: false },
      ],
    });
    expect(
      await webOf(web("deploy: {replicas: 2, mode: replicated, placement: {constraints: [a]}, update_config: {parallelism: 1}}")),
    ).toMatchObject({ scale: 2 });
    expect(await webOf(web("container_name: mine"))).toMatchObject({ containerName: "mine" });
  });

  it("networks, with addresses and in order of priority", async () => {
    const networks =
      "\nnetworks:\n  front: {ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.254, ip_range: 10.9.0.128/25}]}, internal: true, enable_ipv6: true, labels: [a=b]}\n  back: {external: true}\n  named: {name: its-name, external: true}\n  old: {external: {name: old-name}}\n  unused: {}";
    const project = await projectOf(
      web(
        "networks: {front: {ipv4_address: 10.9.0.7, aliases: [www], mac_address: '02:00:00:00:00:01'}, back: {priority: 10}, named: , old: }",
        networks,
      ),
    );
    expect([...project.services.get("web")!.networks.keys()]).toEqual(["back", "front", "named", "old"]);
    expect([...project.networks.values()]).toEqual([
      { key: "back", name: "back", external: true, internal: undefined, ipv6: undefined, subnets: [], labels: {} },
      {
        key: "front",
        name: "shop_front",
        external: false,
        internal: true,
        ipv6: true,
        subnets: [{ subnet: "10.9.0.0/24", gateway: "10.9.0.254", ipRange: "10.9.0.128/25" }],
        labels: { a: "b" },
      },
      { key: "named", name: "its-name", external: true, internal: undefined, ipv6: undefined, subnets: [], labels: {} },
      { key: "old", name: "old-name", external: true, internal: undefined, ipv6: undefined, subnets: [], labels: {} },
    ]);
  });

  it("volumes of the project", async () => {
    const project = await projectOf(
      web(
        "",
        "\nvolumes:\n  a:\n  b: {name: b-name, labels: {x: 1}, driver: local, driver_opts: {type: none, o: bind, device: /d}}\n  c: {external: true}",
      ),
    );
    expect([...project.volumes.values()]).toEqual([
      { key: "a", name: "shop_a", external: false, options: {}, labels: {} },
      { key: "b", name: "b-name", external: false, options: { type: "none", o: "bind", device: "/d" }, labels: { x: "1" } },
      { key: "c", name: "c", external: true, options: {}, labels: {} },
    ]);
  });

  it("configs and secrets: files are mounted, all else is written", async () => {
    const rest = "\nconfigs: {a: {file: ./a.conf}, b: {content: 'x $$1'}}\nsecrets: {s: {environment: TOKEN}, t: {file: t.txt}}";
    const granted = "configs: [a, {source: b, target: /etc/b, uid: '5', gid: 6, mode: 0440}]\nsecrets: [s, {source: t, target: other}]";
    const service = await webOf({ "compose.yaml": web(granted, rest), "a.conf": "a", "t.txt": "t" }, { environment: { TOKEN: "hidden" } });
    expect(service.mounts).toEqual([
      { type: "bind", source: "/srv/shop/a.conf", target: "/a", readonly: true },
      { type: "bind", source: "/srv/shop/t.txt", target: "/run/secrets/other", readonly: true },
    ]);
    expect(service.files).toEqual([
      { target: "/etc/b", content: "x $1", uid: 5, gid: 6, mode: 0o440 },
      { target: "/run/secrets/s", content: "hidden", uid: 0, gid: 0, mode: 0o444 },
    ]);
  });

  it("builds", async () => {
    const build = `
build:
  context: ./src
  dockerfile: Other
  args: [A=1, FROM_ENV]
  target: t
  labels: {l: 1}
  tags: [more]
  no_cache: true
  pull: true
  network: none
  platforms: [linux/amd64]
  additional_contexts: {here: ./x, far: 'docker-image://busybox'}
  extra_hosts: ['a=1.2.3.4']
  secrets: [s, {source: s, target: other}]
  ssh: [default]
  cache_from: [somewhere]
  entitlements: [security.insecure]`;
    const files = { "compose.yaml": web(build, "\nsecrets: {s: {file: s.txt}}"), "s.txt": "s" };
    const service = await webOf(files, { environment: { FROM_ENV: "e", SSH_AUTH_SOCK: "/agent" } });
    expect(service.build).toEqual({
      context: "/srv/shop/src",
      dockerfile: "Other",
      dockerfileText: undefined,
      buildArgs: { A: "1", FROM_ENV: "e" },
      target: "t",
      labels: { l: "1" },
      tags: ["more"],
      noCache: true,
      pull: true,
      network: "none",
      platform: "linux/amd64",
      contexts: { here: "/srv/shop/x", far: "docker-image://busybox" },
      extraHosts: [{ host: "a", address: "1.2.3.4" }],
      secrets: { s: { file: "/srv/shop/s.txt" }, other: { file: "/srv/shop/s.txt" } },
      ssh: { default: "/agent" },
      allow: ["security.insecure"],
    });
    expect(await webOf("services: {web: {build: 'https://host/repo.git#main'}}")).toMatchObject({
      image: "shop-web",
      imageNamed: false,
      build: { context: "https://host/repo.git#main" },
    });
    expect((await webOf("services: {web: {build: {dockerfile_inline: 'FROM scratch'}}}")).build).toMatchObject({
      context: "/srv/shop",
      dockerfileText: "FROM scratch",
    });
  });

  it("environment files: later ones win, the service itself over all of them, and the surroundings give what has no value", async () => {
    const files: Files = {
      "compose.yaml": web(
        "env_file: [a.env, {path: b.env, required: false}, {path: none.env, required: false}, {path: raw.env, format: raw}]\nenvironment: [C=own, FROM_SHELL]\nlabel_file: l.env",
      ),
      "a.env": "A=1\nB=1\nC=1\nD=$SHELL_VALUE",
      "b.env": "B=2",
      "raw.env": "RAW='$A'\n",
      "l.env": "label=yes",
    };
    const service = await webOf(files, { environment: { FROM_SHELL: "s", SHELL_VALUE: "v" } });
    expect(service.spec.env).toEqual({ A: "1", B: "2", C: "own", D: "v", RAW: "'$A'", FROM_SHELL: "s" });
    expect(service.labels).toEqual({ label: "yes" });
  });
});

describe("profiles", () => {
  const text =
    "services:\n  web: {image: b}\n  debug: {image: b, profiles: [dev]}\n  tool: {image: b, profiles: [tools, dev], depends_on: [debug]}";
  it.each([
    [{}, ["web"]],
    [{ profiles: ["dev"] }, ["web", "debug", "tool"]],
    [{ profiles: ["*"] }, ["web", "debug", "tool"]],
    [{ environment: { COMPOSE_PROFILES: "dev,x" } }, ["web", "debug", "tool"]],
    [{ wanted: ["debug"] }, ["web", "debug", "tool"]],
  ])("%j", async (options, names) => {
    expect([...(await projectOf(text, options)).services.keys()]).toEqual(names);
  });

  it("what a service needs must be in one, too", async () => {
    const work = projectOf(text.replace("profiles: [dev]", "profiles: [dev, more]"), { profiles: ["tools"] });
    await expect(work).rejects.toThrow(
      'services.tool.depends_on: the service "debug" is in no active profile: --profile dev or --profile more',
    );
  });
});
