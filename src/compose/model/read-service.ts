/** One service of the merged files. */
import type { ContainerSpec, MountSpec } from "../../engine/engine.js";
import { isCaissonError } from "../../engine/errors.js";
import { parseSecurityOptions } from "../../engine/security-options.js";
import { CAPABILITIES, plainCapability } from "../../engine/spec/capability-names.js";
import { didYouMean } from "../files/problems.js";
import { splitPair } from "../files/short-syntax.js";
import { splitCommand } from "../files/split-command.js";
import { textOf } from "../files/tree.js";
import { type Field, ignored, type Keys, refused } from "./field.js";
import type { Condition, Dependency, PullPolicy, Service, ServiceFile, ServiceSpec, VolumesFrom } from "./project.js";
import { readBuild, readExtraHosts, withValues } from "./read-build.js";
import { readEndpoints, readIpcMode, readNetworkMode, readPidMode } from "./read-endpoints.js";
import { buildSecrets, type FileGrant, type Grant, neededByBuild, readGranted } from "./read-grants.js";
import { readHealthcheck } from "./read-healthcheck.js";
import { type MountContext, readMounts, readTmpfs } from "./read-mounts.js";
import { readExpose, readPorts } from "./read-ports.js";
import { type DeployDraft, type Limits, limitKeys, readDeploy, readDevices, readRestart, readUlimits } from "./read-resources.js";

export interface ServiceContext extends MountContext {
  readonly project: string;
  /** Names of all services, in whatever profile. */
  readonly services: readonly string[];
  readonly networks: ReadonlySet<string>;
  readonly variables: Readonly<Record<string, string>>;
  readonly configs: ReadonlyMap<string, Grant>;
  readonly secrets: ReadonlyMap<string, Grant>;
}

/** A file with variables or labels: what it says is added when it has been read. */
export interface EnvFileReference {
  readonly field: Field;
  readonly path: string;
  readonly required: boolean;
  /** Lines are taken as they are. */
  readonly raw: boolean;
}

export interface ReadService {
  readonly service: Service;
  readonly envFiles: readonly EnvFileReference[];
  readonly labelFiles: readonly EnvFileReference[];
  /** Of the file itself, which win over those of the files it names. */
  readonly env: Readonly<Record<string, string>>;
  /** Configs and secrets whose files have to be there. */
  readonly grants: readonly FileGrant[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function readService(field: Field, name: string, context: ServiceContext): ReadService {
  const spec: Mutable<ServiceSpec> = {};
  const limits: Limits = {};
  const dependsOn = new Map<string, Dependency>();
  const implied = (other: string, each: Field): void => {
    if (!isService(each, other, context)) return;
    if (!dependsOn.has(other)) dependsOn.set(other, { condition: "service_started", restart: false, required: true });
  };
  const service: Mutable<Service> = {
    name,
    place: field.place,
    image: "",
    imageNamed: false,
    build: undefined,
    containerName: undefined,
    scale: 1,
    pullPolicy: undefined,
    profiles: [],
    dependsOn,
    spec,
    labels: {},
    networkMode: undefined,
    ipcMode: undefined,
    pidMode: undefined,
    networks: new Map(),
    mounts: [],
    volumesFrom: [],
    healthcheck: undefined,
    files: [],
    attach: true,
  };
  const mounts: MountSpec[] = [];
  const files: ServiceFile[] = [];
  const grants: FileGrant[] = [];
  let deploy: DeployDraft = {};
  let env: Record<string, string> = {};
  let scale: number | undefined;
  let envFiles: EnvFileReference[] = [];
  let labelFiles: EnvFileReference[] = [];
  let mac: string | undefined;
  const granted = (each: Field, known: ReadonlyMap<string, Grant>, directory: "/" | "/run/secrets"): void => {
    const read = readGranted(each, known, directory);
    mounts.push(...read.mounts);
    files.push(...read.files);
    grants.push(...read.needed);
  };
  const sharedWith = <T>(sharing: T, each: Field): T => {
    if (typeof sharing === "object" && sharing !== null && "service" in sharing) implied(sharing.service as string, each);
    return sharing;
  };
  field.keys({
    ...specKeys(spec),
    ...limitKeys(limits),
    ...UNSERVED,
    image: (each) => {
      service.image = each.text() ?? "";
      service.imageNamed = true;
    },
    build: (each) => {
      service.build = readBuild(each, { variables: context.variables, secrets: buildSecrets(context.secrets) });
      grants.push(...neededByBuild(context.secrets, service.build?.secrets ?? {}));
    },
    container_name: (each) => {
      service.containerName = each.text();
    },
    scale: (each) => {
      scale = each.integer(0);
    },
    pull_policy: (each) => {
      service.pullPolicy = pullPolicy(each);
    },
    profiles: (each) => {
      service.profiles = each.texts();
    },
    attach: (each) => {
      service.attach = each.boolean() ?? true;
    },
    deploy: (each) => {
      deploy = readDeploy(each, limits);
    },
    depends_on: (each) => {
      for (const [other, dependency] of readDependsOn(each, context)) dependsOn.set(other, dependency);
    },
    links: (each) => {
      for (const item of each.items()) {
        const [other = "", alias] = (item.text() ?? "").split(":");
        if (alias !== undefined && alias !== other)
          item.problem(`not served: the name ${JSON.stringify(alias)} for a link; it can be an alias of ${other} on a network of both`);
        implied(other, item);
      }
    },
    environment: (each) => {
      checkVariableNames(each);
      env = withValues(each.pairs(), context.variables);
    },
    env_file: (each) => {
      envFiles = readFileReferences(each);
    },
    labels: (each) => {
      service.labels = each.filledPairs();
    },
    label_file: (each) => {
      labelFiles = readFileReferences(each);
    },
    networks: (each) => {
      service.networks = readEndpoints(each, context.networks);
    },
    network_mode: (each) => {
      service.networkMode = sharedWith(readNetworkMode(each), each);
    },
    ipc: (each) => {
      service.ipcMode = sharedWith(readIpcMode(each), each);
    },
    pid: (each) => {
      service.pidMode = sharedWith(readPidMode(each), each);
    },
    mac_address: (each) => {
      mac = each.text();
    },
    volumes: (each) => void mounts.push(...readMounts(each, context)),
    tmpfs: (each) => void mounts.push(...readTmpfs(each)),
    volumes_from: (each) => {
      service.volumesFrom = readVolumesFrom(each, implied);
    },
    configs: (each) => granted(each, context.configs, "/"),
    secrets: (each) => granted(each, context.secrets, "/run/secrets"),
    healthcheck: (each) => {
      service.healthcheck = readHealthcheck(each);
    },
    // Carried out already.
    extends: ignored,
    // For `docker compose watch`.
    develop: ignored,
  });
  if (Object.keys(limits).length > 0) spec.resources = limits;
  if (deploy.restartPolicy) spec.restartPolicy ??= deploy.restartPolicy;
  service.scale = scale ?? deploy.replicas ?? 1;
  service.mounts = mounts;
  service.files = files;
  finish(field, service, mac, context.project);
  return { service, envFiles, labelFiles, env, grants };
}

/** What only several keys together say. */
function finish(field: Field, service: Mutable<Service>, mac: string | undefined, project: string): void {
  if (service.image === "" && service.build) service.image = `${project}-${service.name}`;
  if (service.image === "" && !service.build) field.refuse("it has neither an image nor a build");
  if (service.networkMode !== undefined && service.networks.size > 0) field.refuse("network_mode and networks exclude each other");
  if (service.networkMode === undefined && service.networks.size === 0) service.networks = new Map([["default", {}]]);
  if (service.containerName !== undefined && service.scale > 1)
    field.refuse(`one container_name can't be that of ${service.scale} containers`);
  const [first] = service.networks;
  if (mac !== undefined && first) service.networks = new Map(service.networks).set(first[0], { ...first[1], macAddress: mac });
  const targets = new Set<string>();
  for (const { target } of service.mounts) {
    if (targets.has(target)) field.refuse(`two mounts have the target ${target}`);
    targets.add(target);
  }
}

function specKeys(spec: Mutable<ServiceSpec>): Keys {
  const set =
    <K extends keyof ServiceSpec>(name: K, read: (field: Field) => ServiceSpec[K]) =>
    (field: Field): void => {
      spec[name] = read(field);
    };
  return {
    annotations: set("annotations", (field) => field.filledPairs()),
    cap_add: set("capAdd", capabilities),
    cap_drop: set("capDrop", capabilities),
    command: set("command", commandOf),
    devices: set("devices", readDevices),
    dns: set("dns", (field) => field.textOrTexts()),
    dns_opt: set("dnsOptions", (field) => field.textOrTexts()),
    dns_search: set("dnsSearch", (field) => field.textOrTexts()),
    domainname: set("domainname", (field) => field.text()),
    entrypoint: set("entrypoint", commandOf),
    expose: set("exposedPorts", readExpose),
    extra_hosts: set("extraHosts", readExtraHosts),
    group_add: set("groupAdd", (field) => field.texts()),
    hostname: set("hostname", (field) => field.text()),
    init: set("init", (field) => field.boolean()),
    logging: set("logMaxBytes", logMaxBytes),
    oom_score_adj: set("oomScoreAdj", (field) => field.integer()),
    platform: set("platform", (field) => field.text()),
    ports: set("publish", readPorts),
    privileged: set("privileged", (field) => field.boolean()),
    read_only: set("readonlyRootfs", (field) => field.boolean()),
    restart: set("restartPolicy", readRestart),
    security_opt: (field) => {
      for (const item of field.items()) Object.assign(spec, securityOption(item));
    },
    shm_size: set("shmSizeBytes", (field) => field.bytes()),
    stdin_open: set("openStdin", (field) => field.boolean()),
    stop_grace_period: set("stopTimeoutMs", (field) => field.duration()),
    stop_signal: set("stopSignal", (field) => field.text()),
    sysctls: set("sysctls", (field) => field.filledPairs()),
    tty: set("tty", (field) => field.boolean()),
    ulimits: set("ulimits", readUlimits),
    user: set("user", (field) => field.text()),
    uts: set("utsMode", (field) => field.oneOf(["host", "private"])),
    working_dir: set("workingDir", (field) => field.text()),
  };
}

/** Keys of the specification that ask for what there is not, or for what there is anyway. */
const UNSERVED: Keys = {
  cgroup: (field) => {
    if (field.oneOf(["host", "private"]) === "host") refused("each container has a cgroup namespace of its own")(field);
  },
  cgroup_parent: refused("cgroups are made below the engine's own"),
  credential_spec: refused("it is for Windows"),
  device_cgroup_rules: refused("name the devices with `devices`"),
  external_links: refused("containers find each other by name on a network of both: an external one"),
  gpus: refused("name the devices with `devices`"),
  isolation: refused("it is for Windows"),
  models: refused("there is no runner of models"),
  oom_kill_disable: (field) => {
    if (field.boolean()) refused("a container that has no memory left is ended; oom_score_adj says who goes first")(field);
  },
  post_start: refused("a service that depends on this one can do it"),
  pre_stop: refused("stop_signal says how it is ended"),
  provider: refused("services are containers"),
  pull_refresh_after: refused("pull_policy says when to pull"),
  runtime: (field) => {
    if (field.text() !== "runc") refused("there is one runtime")(field);
  },
  storage_opt: refused("what a container writes is limited by the disk alone"),
  use_api_socket: refused("mount the socket as a volume"),
  userns_mode: refused("there is one mapping of users, that of the engine"),
};

function commandOf(field: Field): string[] | undefined {
  if (field.kind === "list") return field.texts();
  const line = field.text();
  if (line === undefined) return undefined;
  return splitCommand(line) ?? field.problem(`a quote is not closed in ${JSON.stringify(line)}`);
}

function capabilities(field: Field): string[] {
  return field.items().flatMap((item) => {
    const name = item.text();
    if (name !== undefined && plainCapability(name) === undefined)
      item.problem(`${JSON.stringify(name)} is no capability${didYouMean(name.replace(/^CAP_/i, ""), CAPABILITIES)}`);
    return name ?? [];
  });
}

function checkVariableNames(field: Field): void {
  const named =
    field.kind === "list" ? field.items().map((item) => [splitPair(textOf(item.node) ?? "unreadable")[0], item] as const) : field.entries();
  for (const [name, item] of named)
    if (name === "" || /[=\0]/.test(name)) item.refuse(`${JSON.stringify(name)} is no name of a variable: it is not empty, and has no =`);
}

function securityOption(item: Field): Partial<ContainerSpec> {
  const text = item.text();
  if (text === undefined) return {};
  try {
    return parseSecurityOptions([text]);
  } catch (error) {
    if (!isCaissonError(error, "OPTION_INVALID")) throw error;
    item.problem(`${JSON.stringify(text)} is no known security option; there are ${error.facts.allowed?.join(", ")}`);
    return {};
  }
}

function pullPolicy(field: Field): PullPolicy | undefined {
  const text = field.text();
  if (text === "if_not_present" || text === "missing") return "missing";
  if (text !== undefined && /^(daily|weekly|every_.+)$/.test(text))
    return field.problem(`not served: the policy ${text}; always asks the registry each time`);
  return field.oneOf(["always", "never", "missing", "build"]);
}

/** Tells where a service is named that is not there. */
function isService(field: Field, name: string, { services }: ServiceContext): boolean {
  if (services.includes(name)) return true;
  field.refuse(`there is no service ${JSON.stringify(name)}${didYouMean(name, services)}`);
  return false;
}

function readDependsOn(field: Field, context: ServiceContext): [string, Dependency][] {
  if (field.kind === "list") {
    return field.items().flatMap((item): [string, Dependency][] => {
      const name = item.text();
      if (name === undefined || !isService(item, name, context)) return [];
      return [[name, { condition: "service_started", restart: false, required: true }]];
    });
  }
  return field.entries().flatMap(([name, each]): [string, Dependency][] => {
    const dependency: Mutable<Dependency> = { condition: "service_started", restart: false, required: true };
    each.keys({
      condition: (part) => {
        const conditions: readonly Condition[] = ["service_started", "service_healthy", "service_completed_successfully"];
        dependency.condition = part.oneOf(conditions) ?? "service_started";
      },
      restart: (part) => {
        dependency.restart = part.boolean() ?? false;
      },
      required: (part) => {
        dependency.required = part.boolean() ?? true;
      },
    });
    return dependency.required && !isService(each, name, context) ? [] : [[name, dependency]];
  });
}

function readFileReferences(field: Field): EnvFileReference[] {
  return field.itemsOrOne().flatMap((item) => {
    let path = item.kind === "map" ? undefined : item.text();
    let required = true;
    let raw = false;
    if (item.kind === "map") {
      item.keys({
        path: (each) => {
          path = each.text();
        },
        required: (each) => {
          required = each.boolean() ?? true;
        },
        format: (each) => {
          raw = each.oneOf(["raw"]) === "raw";
        },
      });
    }
    return path === undefined ? [] : [{ field: item, path, required, raw }];
  });
}

function readVolumesFrom(field: Field, implied: (service: string, field: Field) => void): VolumesFrom[] {
  return field.items().flatMap((item): VolumesFrom[] => {
    const text = item.text();
    const [, container, name, mode] = /^(container:)?([^:]+)(?::(ro|rw))?$/.exec(text ?? "") ?? [];
    if (name === undefined) {
      if (text !== undefined) item.problem(`expected SERVICE[:ro] or container:NAME[:ro], not ${JSON.stringify(text)}`);
      return [];
    }
    const readonly = mode === "ro";
    if (container !== undefined) return [{ container: name, readonly }];
    implied(name, item);
    return [{ service: name, readonly }];
  });
}

/** Docker keeps so many files of such a size; here it is one log. */
function logMaxBytes(field: Field): number | undefined {
  let size: number | undefined;
  let count = 1;
  field.keys({
    driver: (each) => void (each.text() && each.oneOf(["json-file", "local"])),
    options: (each) =>
      each.keys({
        "max-size": (part) => {
          size = part.bytes();
        },
        "max-file": (part) => {
          count = part.integer(1) ?? 1;
        },
        mode: ignored,
        compress: ignored,
      }),
  });
  return size === undefined || size < 0 ? undefined : size * count;
}
