/** `HostConfig` of a container: what the client said, over what it would have been otherwise. Pure. */
import type { ContainerInspect, ContainerSummary } from "../engine.js";
import { deviceRatesBody } from "./device-rates.js";
import { isObject } from "./json-fields.js";

const DEFAULTS: Readonly<Record<string, unknown>> = {
  Binds: null,
  ContainerIDFile: "",
  LogConfig: { Type: "json-file", Config: {} },
  NetworkMode: "bridge",
  PortBindings: {},
  RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: "",
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: "host",
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: "private",
  Cgroup: "",
  Links: null,
  OomScoreAdj: 0,
  PidMode: "",
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  StorageOpt: undefined,
  Tmpfs: undefined,
  UTSMode: "",
  UsernsMode: "",
  ShmSize: 64 << 20,
  Sysctls: undefined,
  Runtime: "runc",
  Isolation: "",
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: "",
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: "",
  CpusetMems: "",
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: false,
  PidsLimit: null,
  Ulimits: [],
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  Mounts: undefined,
  Init: undefined,
  Annotations: undefined,
  MaskedPaths: [
    "/proc/asound",
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
  ],
  ReadonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
};

const CANONICAL = new Map(Object.keys(DEFAULTS).map((name) => [name.toLowerCase(), name]));

/** @param said the client's, with whatever case and omissions */
export function hostConfigJson(container: ContainerInspect, said: unknown): Readonly<Record<string, unknown>> {
  const json: Record<string, unknown> = { ...DEFAULTS, ...saidOf(said) };
  if (json["MemorySwappiness"] === -1) json["MemorySwappiness"] = null;
  json["NetworkMode"] = networkModeOf(container, said);
  const log = json["LogConfig"];
  if (isObject(log) && !log["Type"]) json["LogConfig"] = { Type: "json-file", Config: log["Config"] ?? {} };
  const { restartPolicy, resources } = container.config;
  json["RestartPolicy"] = { Name: restartPolicy.name, MaximumRetryCount: restartPolicy.maximumRetryCount ?? 0 };
  if (json["Privileged"]) Object.assign(json, { MaskedPaths: null, ReadonlyPaths: null });
  // Limits change while a container runs.
  return {
    ...json,
    CpuShares: resources.cpuShares ?? 0,
    Memory: resources.memoryBytes ?? 0,
    NanoCpus: resources.cpus === undefined ? 0 : Math.round(resources.cpus * 1e9),
    BlkioWeight: resources.blkioWeight ?? 0,
    ...deviceRatesBody(resources, []),
    CpuPeriod: resources.cpuPeriodUs ?? 0,
    CpuQuota: resources.cpuQuotaUs ?? 0,
    CpusetCpus: resources.cpusetCpus ?? "",
    CpusetMems: resources.cpusetMems ?? "",
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? (resources.memoryBytes === undefined ? 0 : resources.memoryBytes * 2),
    PidsLimit: resources.pids === undefined || resources.pids === -1 ? null : resources.pids,
  };
}

/** What of it says something, under the API's names. */
export function saidOf(said: unknown): Readonly<Record<string, unknown>> {
  const json: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(isObject(said) ? said : {})) {
    const canonical = CANONICAL.get(name.toLowerCase());
    // Zero values say nothing, and the default may be another one.
    if (canonical !== undefined && value !== null && value !== undefined && value !== "" && !(value === 0 && canonical === "ShmSize"))
      json[canonical] = value;
  }
  return json;
}

export function networkModeOf({ networks }: ContainerSummary, said: unknown): string {
  const [network] = Object.keys(networks);
  if (!isObject(said) && network !== undefined) return network;
  const mode = String(saidOf(said)["NetworkMode"] ?? "default");
  return mode === "default" ? "bridge" : mode;
}

export function nanoseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1e6);
}
