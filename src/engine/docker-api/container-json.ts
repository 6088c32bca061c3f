/** `GET /containers/{id}/json` and `GET /containers/json` as the contract's types. */
import type {
  ContainerExit,
  ContainerInspect,
  ContainerStatus,
  ContainerSummary,
  EndpointInspect,
  Healthcheck,
  HealthState,
  MountPoint,
  PublishedPort,
  ResourceLimits,
  RestartPolicy,
} from "../engine.js";
import { depth } from "../spec/mount-targets.js";
import { statusText } from "../spec/status-text.js";
import { type DeviceRateJson, deviceRatesOf } from "./device-rates.js";
import { type MountPointJson, mountPointOf } from "./mount-json.js";
import { DEFAULT_NETWORKS, type EndpointJson, endpointOf } from "./network-json.js";

export interface HealthcheckJson {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

interface PortBindingJson {
  readonly HostIp?: string;
  readonly HostPort?: string;
}

export interface HostConfigJson {
  /** Options by target. */
  readonly Tmpfs?: Readonly<Record<string, string>> | null;
  readonly NetworkMode?: string;
  readonly Annotations?: Readonly<Record<string, string>> | null;
  readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number };
  readonly Memory?: number;
  readonly MemoryReservation?: number;
  readonly MemorySwap?: number;
  readonly NanoCpus?: number;
  readonly CpuShares?: number;
  readonly CpuQuota?: number;
  readonly CpuPeriod?: number;
  readonly CpusetCpus?: string;
  readonly CpusetMems?: string;
  readonly PidsLimit?: number | null;
  readonly BlkioWeight?: number;
  readonly BlkioDeviceReadBps?: readonly DeviceRateJson[] | null;
  readonly BlkioDeviceWriteBps?: readonly DeviceRateJson[] | null;
  readonly BlkioDeviceReadIOps?: readonly DeviceRateJson[] | null;
  readonly BlkioDeviceWriteIOps?: readonly DeviceRateJson[] | null;
}

export interface ContainerJson {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly Path: string;
  readonly Args: readonly string[];
  readonly Platform?: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled?: boolean;
    readonly Error?: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: {
      readonly Status: string;
      readonly FailingStreak: number;
      readonly Log?: readonly { readonly Start: string; readonly End: string; readonly ExitCode: number; readonly Output: string }[] | null;
    };
  };
  readonly Config: {
    readonly Image: string;
    readonly Hostname?: string;
    readonly Domainname?: string;
    readonly User?: string;
    readonly Tty?: boolean;
    readonly OpenStdin?: boolean;
    readonly StdinOnce?: boolean;
    readonly Env?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly StopSignal?: string;
    readonly StopTimeout?: number;
    readonly Healthcheck?: HealthcheckJson;
  };
  readonly HostConfig: HostConfigJson;
  readonly RestartCount?: number;
  readonly Mounts?: readonly MountPointJson[] | null;
  readonly NetworkSettings: {
    readonly IPAddress?: string;
    readonly Ports?: Readonly<Record<string, readonly PortBindingJson[] | null>> | null;
    readonly Networks?: Readonly<Record<string, EndpointJson>> | null;
  };
}

export interface ContainerListJson {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly Command: string;
  /** Seconds since the epoch. */
  readonly Created: number;
  readonly State: string;
  readonly Status?: string;
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, EndpointJson>> | null };
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Mounts?: readonly MountPointJson[] | null;
  readonly SizeRw?: number;
  readonly SizeRootFs?: number;
  readonly Ports?: readonly { readonly IP?: string; readonly PrivatePort: number; readonly PublicPort?: number; readonly Type: string }[];
}

/** Docker's grace between the stop signal and SIGKILL. */
const STOP_TIMEOUT_MS = 10_000;
/** What Go writes for a time that was never set. */
const NEVER = "0001-01-01";

/** @param now milliseconds, by the daemon's clock */
export function inspectOf(json: ContainerJson, now: number): ContainerInspect {
  const { Config: config, State: state } = json;
  // One that waits for its restart counts as running, and has its last exit.
  const runs = state.Running && state.Status !== "restarting";
  const current = {
    status: statusOf(state.Status),
    running: state.Running,
    pid: state.Pid,
    startedAt: dateOf(state.StartedAt),
    finishedAt: runs ? undefined : dateOf(state.FinishedAt),
    exit: runs || !dateOf(state.FinishedAt) ? undefined : exitOf(state.ExitCode, state.OOMKilled ?? false),
    // Podman has an empty one for containers without a check, Docker none or "none".
    health: state.Health?.Status && state.Health.Status !== "none" ? healthOf(state.Health) : undefined,
  };
  const exposedPorts = Object.keys(config.ExposedPorts ?? {});
  return {
    id: json.Id,
    name: json.Name.replace(/^\//, ""),
    image: config.Image,
    imageId: json.Image,
    command: [json.Path, ...json.Args],
    created: new Date(json.Created),
    status: current.status,
    statusText: statusText(current, now),
    labels: config.Labels ?? {},
    ports: portsOf(json.NetworkSettings.Ports ?? {}),
    exposedPorts,
    state: current,
    config: {
      env: config.Env ?? [],
      entrypoint: config.Entrypoint ?? [],
      command: config.Cmd ?? [],
      workingDir: config.WorkingDir || "/",
      user: config.User ?? "",
      hostname: config.Hostname ?? json.Id.slice(0, 12),
      domainname: config.Domainname ?? "",
      tty: config.Tty ?? false,
      openStdin: config.OpenStdin ?? false,
      stdinOnce: config.StdinOnce ?? false,
      exposedPorts,
      stopSignal: config.StopSignal || "SIGTERM",
      stopTimeoutMs: config.StopTimeout === undefined ? STOP_TIMEOUT_MS : config.StopTimeout * 1000,
      healthcheck: healthcheckOf(config.Healthcheck),
      resources: resourcesOf(json.HostConfig),
      restartPolicy: restartPolicyOf(json.HostConfig),
      annotations: json.HostConfig.Annotations ?? {},
    },
    hostConfig: { ...json.HostConfig },
    restartCount: json.RestartCount ?? 0,
    mounts: mountsOf(json.Mounts),
    ipAddress: json.NetworkSettings.IPAddress || addressOf(json.NetworkSettings.Networks),
    networks: networksOf(json.NetworkSettings.Networks),
    platform: json.Platform ?? "linux",
  };
}

export function summaryOf(json: ContainerListJson): ContainerSummary {
  return {
    id: json.Id,
    name: (json.Names[0] ?? "").replace(/^\//, ""),
    image: json.Image,
    imageId: json.ImageID,
    command: json.Command.split(" "),
    created: new Date(json.Created * 1000),
    status: statusOf(json.State),
    statusText: json.Status ?? "",
    labels: json.Labels ?? {},
    exposedPorts: [...new Set((json.Ports ?? []).map(({ PrivatePort, Type }) => `${PrivatePort}/${Type}`))],
    mounts: mountsOf(json.Mounts),
    ipAddress: addressOf(json.NetworkSettings?.Networks),
    networks: networksOf(json.NetworkSettings?.Networks),
    ports: (json.Ports ?? []).flatMap(({ IP, PrivatePort, PublicPort, Type }) =>
      PublicPort === undefined
        ? []
        : [{ containerPort: PrivatePort, protocol: Type === "udp" ? "udp" : "tcp", hostIp: IP ?? "", hostPort: PublicPort }],
    ),
    // Without the layers of its image there is no such figure: the list was not asked for sizes.
    ...(json.SizeRootFs === undefined ? {} : { size: { writableBytes: json.SizeRw ?? 0, rootBytes: json.SizeRootFs } }),
  };
}

type NetworksJson = Readonly<Record<string, EndpointJson>> | null | undefined;

/** A daemon has them in no order at all. */
function mountsOf(mounts: readonly MountPointJson[] | null | undefined): MountPoint[] {
  return (mounts ?? []).map(mountPointOf).sort((a, b) => depth(a.target) - depth(b.target) || (a.target < b.target ? -1 : 1));
}

function addressOf(networks: NetworksJson): string | undefined {
  const addresses = Object.values(networks ?? {}).map(({ IPAddress }) => IPAddress);
  return addresses.find(Boolean);
}

function networksOf(networks: NetworksJson): Readonly<Record<string, EndpointInspect>> {
  const own = Object.entries(networks ?? {}).filter(([name]) => !DEFAULT_NETWORKS.includes(name));
  return Object.fromEntries(own.map(([name, endpoint]) => [name, endpointOf(name, endpoint)]));
}

export function statusOf(status: string): ContainerStatus {
  if (status === "running" || status === "paused" || status === "restarting") return status;
  return status === "created" || status === "configured" || status === "initialized" ? "created" : "exited";
}

/** Signals are told by the exit code alone: 128 and the number. */
export function exitOf(exitCode: number, oomKilled: boolean): ContainerExit {
  return { exitCode, signal: SIGNALS[exitCode - 128], oomKilled };
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  6: "SIGABRT",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
};

export function portsOf(ports: Readonly<Record<string, readonly PortBindingJson[] | null>>): PublishedPort[] {
  return Object.entries(ports).flatMap(([name, bindings]) => {
    const [port = "0", protocol] = name.split("/");
    return (bindings ?? []).map(({ HostIp = "", HostPort = "0" }) => ({
      containerPort: Number(port),
      protocol: protocol === "udp" ? ("udp" as const) : ("tcp" as const),
      hostIp: HostIp,
      hostPort: Number(HostPort),
    }));
  });
}

function healthOf(json: NonNullable<ContainerJson["State"]["Health"]>): HealthState {
  return {
    status: json.Status === "healthy" || json.Status === "unhealthy" ? json.Status : "starting",
    failingStreak: json.FailingStreak,
    log: (json.Log ?? []).map(({ Start, End, ExitCode, Output }) => ({
      start: new Date(Start),
      end: new Date(End),
      exitCode: ExitCode,
      output: Output,
    })),
  };
}

const milliseconds = (nanoseconds: number | undefined): number | undefined => (nanoseconds ? nanoseconds / 1e6 : undefined);

/** None where there is nothing to run. */
export function healthcheckOf(json: HealthcheckJson | undefined): Healthcheck | undefined {
  if (!json?.Test || json.Test.length === 0 || json.Test[0] === "NONE") return undefined;
  return {
    test: json.Test,
    intervalMs: milliseconds(json.Interval),
    timeoutMs: milliseconds(json.Timeout),
    startPeriodMs: milliseconds(json.StartPeriod),
    startIntervalMs: milliseconds(json.StartInterval),
    retries: json.Retries || undefined,
  };
}

/** Zero and the empty text stand for what isn't set. */
export function resourcesOf(json: HostConfigJson): ResourceLimits {
  const limits: ResourceLimits = {
    memoryBytes: json.Memory || undefined,
    memoryReservationBytes: json.MemoryReservation || undefined,
    memorySwapBytes: json.MemorySwap || undefined,
    cpus: json.NanoCpus ? json.NanoCpus / 1e9 : undefined,
    cpuShares: json.CpuShares || undefined,
    cpuQuotaUs: json.CpuQuota || undefined,
    cpuPeriodUs: json.CpuPeriod || undefined,
    cpusetCpus: json.CpusetCpus || undefined,
    cpusetMems: json.CpusetMems || undefined,
    pids: json.PidsLimit && json.PidsLimit > 0 ? json.PidsLimit : undefined,
    blkioWeight: json.BlkioWeight || undefined,
    ...deviceRatesOf((name) => json[name]?.map(({ Path: path, Rate: rate }) => ({ path, rate }))),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

const POLICIES: readonly string[] = ["on-failure", "always", "unless-stopped"];

export function restartPolicyOf({ RestartPolicy: policy }: HostConfigJson): RestartPolicy {
  const name = policy?.Name ?? "";
  if (!POLICIES.includes(name)) return { name: "no" };
  return { name: name as RestartPolicy["name"], ...(policy?.MaximumRetryCount ? { maximumRetryCount: policy.MaximumRetryCount } : {}) };
}

function dateOf(text: string): Date | undefined {
  return text === "" || text.startsWith(NEVER) ? undefined : new Date(text);
}
