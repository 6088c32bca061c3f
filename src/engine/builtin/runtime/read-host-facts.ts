/** Reads what planning needs to know of the host, from /proc and /sys. Spawns nothing. */
import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { release } from "node:os";
import path from "node:path";
import { type CgroupFacts, type HostFacts, V1_CONTROLLERS, type V1Controller } from "./host-facts.js";

/** Docker's (moby 29, oci/defaults.go). */
const MASKED = [
  ...["acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats"].map(
    (name) => `proc/${name}`,
  ),
  "sys/devices/virtual/powercap",
  "sys/firmware",
];
const READONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"].map((name) => `proc/${name}`);

export async function readHostFacts(): Promise<HostFacts> {
  const [cgroups, capabilities, protectedPaths, resolvConf, ipv6] = await Promise.all([
    readCgroupFacts(),
    readCapabilities(),
    findProtectedPaths(),
    readResolvConf(),
    readIpv6(),
  ]);
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const enforces = (controller: V1Controller): boolean =>
    cgroups.v1[controller] !== undefined ||
    (cgroups.version === "2" && cgroups.unified !== undefined && cgroups.unifiedControllers.includes(controller));
  const accountsSwap = await exists(
    cgroups.v1.memory === undefined ? "/proc/swaps" : path.join(cgroups.v1.memory, "memory.memsw.limit_in_bytes"),
  );
  return {
    uid: process.getuid?.() ?? 0,
    capabilities,
    kernel: [major, minor],
    architecture: process.arch,
    cgroups,
    limits: {
      memory: enforces("memory"),
      swap: enforces("memory") && accountsSwap,
      cpu: enforces("cpu"),
      cpuset: enforces("cpuset"),
      pids: enforces("pids"),
      blkioWeight: cgroups.blkioWeightFile !== undefined,
    },
    protectedPaths,
    resolvConf,
    ipv6,
  };
}

async function readCapabilities(): Promise<bigint> {
  const status = await readFile("/proc/self/status", "utf8");
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
}

/** From /proc/self/mountinfo (where each hierarchy is mounted) and /proc/self/cgroup (where this process is in it). */
async function readCgroupFacts(): Promise<CgroupFacts> {
  const [mountinfo, own] = await Promise.all([
    readFile("/proc/self/mountinfo", "utf8").catch(() => ""),
    readFile("/proc/self/cgroup", "utf8").catch(() => ""),
  ]);
  const mounts = parseCgroupMounts(mountinfo);
  const v1: Partial<Record<V1Controller, string>> = {};
  for (const controller of V1_CONTROLLERS) {
    const mount = mounts.find((candidate) => candidate.type === "cgroup" && candidate.options.includes(controller));
    const directory =
      mount && (await firstWritable([path.join(mount.target, relativeTo(mount.root, ownPath(own, controller))), mount.target]));
    if (directory) v1[controller] = directory;
  }
  const unifiedMount = mounts.find((mount) => mount.type === "cgroup2");
  const unified = unifiedMount ? await firstWritable([unifiedMount.target]) : undefined;
  const controllers = unified
    ? (await readFile(path.join(unified, "cgroup.controllers"), "utf8").catch(() => "")).split(/\s+/).filter(Boolean)
    : [];
  const v2 = controllers.length > 0 ? unified : undefined;
  const anyV1 = mounts.some((mount) => mount.type === "cgroup");
  return {
    version: unifiedMount ? (anyV1 ? "hybrid" : "2") : anyV1 ? "1" : "none",
    unified,
    unifiedControllers: controllers,
    v1,
    cpuset: v1.cpuset
      ? await readCpuset(v1.cpuset, "cpuset.effective_cpus", "cpuset.effective_mems")
      : v2 === undefined
        ? undefined
        : await readCpuset(v2, "cpuset.cpus.effective", "cpuset.mems.effective"),
    blkioWeightFile: v1.blkio
      ? await fileOfCgroups(v1.blkio, ["blkio.bfq.weight", "blkio.weight"])
      : v2 === undefined
        ? undefined
        : await fileOfCgroups(v2, ["io.bfq.weight", "io.weight"]),
  };
}

async function readCpuset(directory: string, cpus: string, mems: string): Promise<CgroupFacts["cpuset"]> {
  const [first, second] = await Promise.all([cpus, mems].map((name) => readFile(path.join(directory, name), "utf8").catch(() => "")));
  return first && second ? { cpus: first.trim(), mems: second.trim() } : undefined;
}

/** The first of these files that cgroups have. The root of a hierarchy lacks some: then one below it shows. */
async function fileOfCgroups(directory: string, names: readonly string[]): Promise<string | undefined> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const below = entries.find((entry) => entry.isDirectory());
  for (const place of [directory, ...(below ? [path.join(directory, below.name)] : [])]) {
    for (const name of names) if (await exists(path.join(place, name))) return name;
  }
  return undefined;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

interface CgroupMount {
  readonly root: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , root = "/", target = ""] = left.split(" ");
    const [type = "", , options = ""] = right.split(" ");
    return type === "cgroup" || type === "cgroup2" ? [{ root, target, type, options: options.split(",") }] : [];
  });
}

function ownPath(cgroups: string, controller: string): string {
  for (const line of cgroups.split("\n")) {
    const [, controllers = "", ...rest] = line.split(":");
    if (controllers.split(",").includes(controller)) return rest.join(":");
  }
  return "/";
}

/** A mount may show a part of the hierarchy only: then the own path begins with that part. */
function relativeTo(root: string, own: string): string {
  return root !== "/" && own.startsWith(root) ? own.slice(root.length) : own;
}

async function firstWritable(directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    if (
      await access(directory, constants.W_OK).then(
        () => true,
        () => false,
      )
    )
      return directory;
  }
  return undefined;
}

async function findProtectedPaths(): Promise<HostFacts["protectedPaths"]> {
  const kinds = await Promise.all(
    [...MASKED, ...READONLY].map((name) =>
      stat(`/${name}`).then(
        (found) => (found.isDirectory() ? "directory" : "file"),
        () => undefined,
      ),
    ),
  );
  const kindOf = new Map([...MASKED, ...READONLY].map((name, index) => [name, kinds[index]]));
  return {
    maskedDirectories: MASKED.filter((name) => kindOf.get(name) === "directory"),
    maskedFiles: MASKED.filter((name) => kindOf.get(name) === "file"),
    readonly: READONLY.filter((name) => kindOf.get(name) !== undefined),
  };
}

/** systemd-resolved's stub listens on the host's loopback, which containers do not share: its upstream file serves instead. */
async function readResolvConf(): Promise<string> {
  const main = await readFile("/etc/resolv.conf", "utf8").catch(() => "");
  if (!/^nameserver\s+127\.0\.0\.53/m.test(main)) return main;
  return readFile("/run/systemd/resolve/resolv.conf", "utf8").catch(() => main);
}

/** Addresses with their scope as the fourth field (net/ipv6/addrconf.c): 00 is that of all others. */
async function readIpv6(): Promise<boolean> {
  return /^\w{32} \w\w \w\w 00 /m.test(await readFile("/proc/net/if_inet6", "utf8").catch(() => ""));
}
