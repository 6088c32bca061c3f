/** Limits, ulimits, devices and block I/O of a service, and what `deploy` says of them. */
import type { ContainerSpec, DeviceRate, DeviceSpec, ResourceLimits, RestartPolicy } from "../../engine/engine.js";
import { ULIMITS } from "../../engine/spec/ulimits.js";
import { didYouMean } from "../files/problems.js";
import { type Field, ignored, type Keys, refused } from "./field.js";

export type Limits = { -readonly [K in keyof ResourceLimits]: ResourceLimits[K] };

const WINDOWS = "it is for Windows";
const REAL_TIME = "containers get no real-time scheduling";

/** The keys of a service that are about its limits. */
export function limitKeys(limits: Limits): Keys {
  const set =
    <K extends keyof Limits>(name: K, read: (field: Field) => Limits[K]) =>
    (field: Field): void => {
      limits[name] = read(field);
    };
  return {
    mem_limit: set("memoryBytes", (field) => field.bytes()),
    mem_reservation: set("memoryReservationBytes", (field) => field.bytes()),
    memswap_limit: set("memorySwapBytes", (field) => field.bytes()),
    mem_swappiness: refused("cgroup v2 has no such setting"),
    cpus: set("cpus", (field) => field.number()),
    cpu_shares: set("cpuShares", (field) => field.integer()),
    cpu_quota: set("cpuQuotaUs", microseconds),
    cpu_period: set("cpuPeriodUs", microseconds),
    cpuset: set("cpusetCpus", (field) => field.text()),
    pids_limit: set("pids", (field) => field.integer()),
    cpu_count: refused(WINDOWS),
    cpu_percent: refused(WINDOWS),
    cpu_rt_period: refused(REAL_TIME),
    cpu_rt_runtime: refused(REAL_TIME),
    blkio_config: (field) =>
      field.keys({
        weight: set("blkioWeight", (each) => each.integer()),
        weight_device: refused("weight is the share of all disks; rates are limited by disk"),
        device_read_bps: set("blkioDeviceReadBps", (each) => rates(each, (rate) => rate.bytes())),
        device_write_bps: set("blkioDeviceWriteBps", (each) => rates(each, (rate) => rate.bytes())),
        device_read_iops: set("blkioDeviceReadIops", (each) => rates(each, (rate) => rate.integer())),
        device_write_iops: set("blkioDeviceWriteIops", (each) => rates(each, (rate) => rate.integer())),
      }),
  };
}

function microseconds(field: Field): number | undefined {
  if (!/[a-zµ]$/.test(field.text() ?? "")) return field.integer();
  const milliseconds = field.duration();
  return milliseconds === undefined ? undefined : milliseconds * 1000;
}

function rates(field: Field, read: (rate: Field) => number | undefined): DeviceRate[] {
  return field.items().flatMap((item) => {
    let path: string | undefined;
    let rate: number | undefined;
    item.keys({
      path: (each) => {
        path = each.text();
      },
      rate: (each) => {
        rate = read(each);
      },
    });
    if (path !== undefined && rate !== undefined) return [{ path, rate }];
    item.problem("expected a path and a rate");
    return [];
  });
}

export interface DeployDraft {
  replicas?: number | undefined;
  restartPolicy?: RestartPolicy | undefined;
}

/** `deploy` wins over the older keys of the service, as with docker's Compose. */
export function readDeploy(field: Field, limits: Limits): DeployDraft {
  const deploy: DeployDraft = {};
  field.keys({
    replicas: (each) => {
      deploy.replicas = each.integer(0);
    },
    resources: (each) => each.keys({ limits: (part) => deployLimits(part, limits), reservations: (part) => reservations(part, limits) }),
    restart_policy: (each) => {
      deploy.restartPolicy = restartPolicy(each);
    },
    mode: (each) => {
      const mode = each.oneOf(["replicated", "global", "replicated-job", "global-job"]);
      if (mode?.endsWith("-job")) each.problem("not served: jobs are an orchestrator's; depends_on with service_completed_successfully");
    },
    // What an orchestrator does over several machines, and over time.
    endpoint_mode: ignored,
    labels: ignored,
    placement: ignored,
    rollback_config: ignored,
    update_config: ignored,
  });
  return deploy;
}

function deployLimits(field: Field, limits: Limits): void {
  field.keys({
    cpus: (each) => {
      limits.cpus = each.number();
    },
    memory: (each) => {
      limits.memoryBytes = each.bytes();
    },
    pids: (each) => {
      limits.pids = each.integer();
    },
  });
}

function reservations(field: Field, limits: Limits): void {
  field.keys({
    // A promise of an orchestrator about where it puts the container.
    cpus: ignored,
    memory: (each) => {
      limits.memoryReservationBytes = each.bytes();
    },
    pids: ignored,
    devices: refused("name the devices with the service's own `devices`"),
    generic_resources: refused("an orchestrator has them"),
  });
}

function restartPolicy(field: Field): RestartPolicy | undefined {
  let condition: string | undefined = "any";
  let most: number | undefined;
  field.keys({
    condition: (each) => {
      condition = each.oneOf(["none", "on-failure", "any", "always", "unless-stopped"]);
    },
    max_attempts: (each) => {
      most = each.integer(0);
    },
    delay: ignored,
    window: ignored,
  });
  if (condition === undefined) return undefined;
  if (condition === "on-failure") return { name: "on-failure", ...(most === undefined ? {} : { maximumRetryCount: most }) };
  return { name: condition === "none" ? "no" : condition === "unless-stopped" ? "unless-stopped" : "always" };
}

export function readRestart(field: Field): RestartPolicy | undefined {
  const text = field.node.kind === "scalar" && field.node.value === false ? "no" : field.text();
  const [, name, count] = /^(no|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text ?? "") ?? [];
  if (name === undefined || (count !== undefined && name !== "on-failure"))
    return field.problem(`expected no, always, unless-stopped or on-failure[:COUNT], not ${JSON.stringify(text)}`);
  return { name: name as RestartPolicy["name"], ...(count === undefined ? {} : { maximumRetryCount: Number(count) }) };
}

export function readUlimits(field: Field): NonNullable<ContainerSpec["ulimits"]> {
  return field.entries().flatMap(([name, each]) => {
    if (!Object.hasOwn(ULIMITS, name)) each.refuse(`there is no such limit${didYouMean(name, Object.keys(ULIMITS))}`);
    if (each.kind !== "map") {
      const limit = each.integer();
      return limit === undefined ? [] : [{ name, soft: limit, hard: limit }];
    }
    let soft: number | undefined;
    let hard: number | undefined;
    each.keys({
      soft: (part) => {
        soft = part.integer();
      },
      hard: (part) => {
        hard = part.integer();
      },
    });
    if (soft !== undefined && hard !== undefined) {
      if (hard !== -1 && (soft === -1 || soft > hard)) each.problem(`the soft limit, ${soft}, is above the hard one, ${hard}`);
      return [{ name, soft, hard }];
    }
    each.problem("expected a number, or a map with soft and hard");
    return [];
  });
}

export function readDevices(field: Field): DeviceSpec[] {
  return field.items().flatMap((item) => {
    if (item.kind === "map") return longDevice(item) ?? [];
    const text = item.text();
    if (text === undefined) return [];
    if (!text.startsWith("/")) {
      item.problem(`expected PATH[:PATH-IN-CONTAINER[:rwm]], not ${JSON.stringify(text)}`);
      return [];
    }
    const [hostPath = "", second, third] = text.split(":");
    const permissions = third ?? (second !== undefined && /^[rwm]+$/.test(second) ? second : undefined);
    return [{ hostPath, containerPath: second === permissions ? undefined : second, permissions }];
  });
}

function longDevice(item: Field): DeviceSpec | undefined {
  const device: { hostPath?: string | undefined; containerPath?: string | undefined; permissions?: string | undefined } = {};
  item.keys({
    source: (field) => {
      device.hostPath = field.text();
    },
    target: (field) => {
      device.containerPath = field.text();
    },
    permissions: (field) => {
      device.permissions = field.text();
    },
  });
  const { hostPath, ...rest } = device;
  return hostPath === undefined ? item.problem("a source is missing: the path of a device") : { hostPath, ...rest };
}
