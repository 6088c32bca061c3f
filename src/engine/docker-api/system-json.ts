/** `GET /info` as the contract's types. Pure. */
import type { ContainerSummary, EnforcedLimits, EngineInfo } from "../engine.js";

export interface SystemInfoJson {
  readonly ID?: string;
  /** Of the machine. */
  readonly Name?: string;
  readonly ServerVersion?: string;
  readonly OperatingSystem?: string;
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly KernelVersion?: string;
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly DockerRootDir?: string;
  readonly CgroupVersion?: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Images?: number;
  readonly Containers?: number;
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly CPUCfsQuota?: boolean;
  readonly CPUSet?: boolean;
  readonly PidsLimit?: boolean;
  readonly CgroupDriver?: string;
  /** Of storage. */
  readonly Driver?: string;
  readonly Warnings?: readonly string[] | null;
}

/** Of machines, as `uname -m` names them, to those of the image specification. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  armv7l: "arm/v7",
  armv6l: "arm/v6",
  i686: "386",
  i386: "386",
};

export function infoOf(json: SystemInfoJson): EngineInfo {
  const { Architecture: machine = "", CgroupVersion: cgroup } = json;
  return {
    engine: "remote",
    version: json.ServerVersion ?? "",
    id: json.ID || undefined,
    hostname: json.Name || undefined,
    operatingSystem: json.OperatingSystem ?? "",
    platform: `${json.OSType || "linux"}/${ARCHITECTURES[machine] ?? machine}`,
    kernelVersion: json.KernelVersion ?? "",
    cpus: json.NCPU ?? 0,
    memoryBytes: json.MemTotal ?? 0,
    root: json.DockerRootDir,
    cgroupVersion: cgroup === "1" || cgroup === "2" ? cgroup : undefined,
    cgroupDriver: json.CgroupDriver || undefined,
    storageDriver: json.Driver || undefined,
    rootless: (json.SecurityOptions ?? []).some((option) => /name=rootless|rootless/.test(option)),
    images: json.Images ?? 0,
    containers: json.Containers ?? 0,
  };
}

/** Docker's names of what is known, and none of what is not. */
export function infoJsonOf(info: EngineInfo): SystemInfoJson {
  const [os = "linux", ...architecture] = info.platform.split("/");
  const known = Object.entries(ARCHITECTURES).find(([, name]) => name === architecture.join("/"));
  const { id, hostname, storageDriver, cgroupDriver, cgroupVersion } = info;
  return {
    ...(id === undefined ? {} : { ID: id }),
    ...(hostname === undefined ? {} : { Name: hostname }),
    ...(storageDriver === undefined ? {} : { Driver: storageDriver }),
    ...(cgroupDriver === undefined ? {} : { CgroupDriver: cgroupDriver }),
    ...(cgroupVersion === undefined ? {} : { CgroupVersion: cgroupVersion === "2" ? "2" : "1" }),
    ServerVersion: info.version,
    OperatingSystem: info.operatingSystem,
    OSType: os,
    Architecture: known?.[0] ?? architecture.join("/"),
    KernelVersion: info.kernelVersion,
    NCPU: info.cpus,
    MemTotal: info.memoryBytes,
    DockerRootDir: info.root ?? "",
    SecurityOptions: info.rootless ? ["name=rootless"] : [],
    Images: info.images,
    Containers: info.containers,
  };
}

/** How many containers are how, with docker's names. */
export function countsOf(containers: readonly Pick<ContainerSummary, "status">[]) {
  const count = (...statuses: readonly string[]): number => containers.filter(({ status }) => statuses.includes(status)).length;
  return {
    Containers: containers.length,
    ContainersRunning: count("running", "restarting"),
    ContainersPaused: count("paused"),
    ContainersStopped: count("created", "exited"),
  };
}

export function limitsOf(json: SystemInfoJson): EnforcedLimits {
  const { MemoryLimit: memory = true, SwapLimit: swap = true, CPUSet: cpuset = true, PidsLimit: pids = true } = json;
  const blkioRates = json.CgroupDriver !== "none" && !json.Warnings?.some((warning) => RATES_MISSING.test(warning));
  return { memory, swap, cpu: json.CpuCfsQuota ?? json.CPUCfsQuota ?? true, cpuset, pids, blkioWeight: false, blkioRates };
}

/** Dockerd has no field for block I/O, and warns instead (moby, daemon/info_unix.go). */
const RATES_MISSING = /No (io\.max|blkio throttle)/;

export function warningsOf({ blkioRates }: EnforcedLimits, cgroupVersion: "1" | "2"): readonly string[] {
  if (blkioRates) return [];
  const names =
    cgroupVersion === "2"
      ? ["rbps", "wbps", "riops", "wiops"].map((key) => `io.max (${key})`)
      : ["read_bps", "write_bps", "read_iops", "write_iops"].map((file) => `blkio throttle.${file}_device`);
  return names.map((name) => `WARNING: No ${name} support`);
}
