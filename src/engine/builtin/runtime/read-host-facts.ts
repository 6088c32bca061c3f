/**
 * Reads what planning needs to know of the host, from /proc and /sys. Spawns nothing. Synchronous: the kernel answers from memory, and
 * handing sixty questions to a thread each takes ten times as long.
 */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { release } from "node:os";
import path from "node:path";
import { type CgroupFacts, type HostFacts, V1_CONTROLLERS, type V1Controller } from "./host-facts.js";
import { readUserFacts } from "./read-user-facts.js";
import { textOf } from "./text-of.js";
import { chooseUserNamespace } from "./user-namespace.js";

/** Docker's (moby 29, oci/defaults.go). */
const MASKED = [
  ...["acpi", "asound", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats"].map(
    (name) => `proc/${name}`,
  ),
  "sys/devices/virtual/powercap",
  "sys/firmware",
];
const READONLY = ["bus", "fs", "irq", "sys", "sysrq-trigger"].map((name) => `proc/${name}`);

export function readHostFacts(): HostFacts {
  const cgroups = readCgroupFacts();
  const uid = process.getuid?.() ?? 0;
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const enforcesUnified = (controller: string): boolean =>
    cgroups.version === "2" && cgroups.unified !== undefined && cgroups.unifiedControllers.includes(controller);
  const enforces = (controller: V1Controller): boolean => cgroups.v1[controller] !== undefined || enforcesUnified(controller);
  const accountsSwap = existsSync(
    cgroups.v1.memory === undefined ? "/proc/swaps" : path.join(cgroups.v1.memory, "memory.memsw.limit_in_bytes"),
  );
  return {
    uid,
    userNamespace: uid === 0 ? undefined : chooseUserNamespace(readUserFacts()),
    nested: uid === 0 && isNested(textOf("/proc/self/uid_map")),
    capabilities: uid === 0 ? readCapabilities() : everyCapability(),
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
      blkioRates: cgroups.v1.blkio ? existsSync(path.join(cgroups.v1.blkio, "blkio.throttle.read_bps_device")) : enforcesUnified("io"),
    },
    protectedPaths: findProtectedPaths(),
    network: () => ({ resolvConf: readResolvConf(), ipv6: readIpv6() }),
  };
}

/** All ids are themselves in the first namespace, and in no other that somebody without rights there has made (user_namespaces(7)). */
export function isNested(uidMap: string): boolean {
  return uidMap.trim() !== "" && !/^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}

function readCapabilities(): bigint {
  const status = readFileSync("/proc/self/status", "utf8");
  return BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
}

/** What a new user namespace has (user_namespaces(7)). */
function everyCapability(): bigint {
  return (2n << BigInt(Number(textOf("/proc/sys/kernel/cap_last_cap")) || 40)) - 1n;
}

/** From /proc/self/mountinfo (where each hierarchy is mounted) and /proc/self/cgroup (where this process is in it). */
function readCgroupFacts(): CgroupFacts {
  const own = textOf("/proc/self/cgroup");
  const mounts = parseCgroupMounts(textOf("/proc/self/mountinfo"));
  const v1: Partial<Record<V1Controller, string>> = {};
  for (const controller of V1_CONTROLLERS) {
    const mount = mounts.find((candidate) => candidate.type === "cgroup" && candidate.options.includes(controller));
    const directory = mount && firstWritable([path.join(mount.target, relativeTo(mount.root, ownPath(own, controller))), mount.target]);
    if (directory) v1[controller] = directory;
  }
  const unifiedMount = mounts.find((mount) => mount.type === "cgroup2");
  const unified = unifiedMount ? delegated(unifiedMount, ownPath(own, "")) : undefined;
  const controllers = unified ? textOf(path.join(unified, "cgroup.controllers")).split(/\s+/).filter(Boolean) : [];
  const v2 = controllers.length > 0 ? unified : undefined;
  const anyV1 = mounts.some((mount) => mount.type === "cgroup");
  return {
    version: unifiedMount ? (anyV1 ? "hybrid" : "2") : anyV1 ? "1" : "none",
    unified,
    unifiedControllers: controllers,
    v1,
    cpuset: v1.cpuset
      ? readCpuset(v1.cpuset, "cpuset.effective_cpus", "cpuset.effective_mems")
      : v2 === undefined
        ? undefined
        : readCpuset(v2, "cpuset.cpus.effective", "cpuset.mems.effective"),
    blkioWeightFile: v1.blkio
      ? fileOfCgroups(v1.blkio, ["blkio.bfq.weight", "blkio.weight"])
      : v2 === undefined
        ? undefined
        : unifiedWeightFile(v2),
  };
}

function readCpuset(directory: string, cpus: string, mems: string): CgroupFacts["cpuset"] {
  const [first, second] = [cpus, mems].map((name) => textOf(path.join(directory, name)));
  return first && second ? { cpus: first.trim(), mems: second.trim() } : undefined;
}

/** Cgroups have theirs once something enables the controller; io.cost.qos is in the root of all before that, and tells of io.weight. */
function unifiedWeightFile(directory: string): string | undefined {
  const found = fileOfCgroups(directory, ["io.bfq.weight", "io.weight"]);
  return found ?? (existsSync(path.join(directory, "io.cost.qos")) ? "io.weight" : undefined);
}

/** The first of these files that cgroups have. The root of a hierarchy lacks some: then one below it shows. */
function fileOfCgroups(directory: string, names: readonly string[]): string | undefined {
  const below = firstDirectory(directory);
  for (const place of [directory, ...(below === undefined ? [] : [path.join(directory, below)])]) {
    for (const name of names) if (existsSync(path.join(place, name))) return name;
  }
  return undefined;
}

function firstDirectory(directory: string): string | undefined {
  try {
    return readdirSync(directory, { withFileTypes: true }).find((entry) => entry.isDirectory())?.name;
  } catch {
    return undefined;
  }
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

/**
 * The uppermost cgroup on the way to our own in which cgroups can be made and to which processes can be moved: for root the root, for a
 * user what was delegated to him. Of two cgroups, a process moves between them who may write to what they have in common.
 */
function delegated({ root, target }: CgroupMount, own: string): string | undefined {
  const names = relativeTo(root, own).split("/").filter(Boolean);
  const ways = [target, ...names.map((_, index) => path.join(target, ...names.slice(0, index + 1)))];
  return ways.find(
    (directory) => firstWritable([directory]) && (directory === target || firstWritable([path.join(directory, "cgroup.procs")])),
  );
}

function firstWritable(directories: readonly string[]): string | undefined {
  return directories.find((directory) => {
    try {
      accessSync(directory, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function findProtectedPaths(): HostFacts["protectedPaths"] {
  const kindOf = new Map([...MASKED, ...READONLY].map((name) => [name, kindOfFile(`/${name}`)]));
  return {
    maskedDirectories: MASKED.filter((name) => kindOf.get(name) === "directory"),
    maskedFiles: MASKED.filter((name) => kindOf.get(name) === "file"),
    readonly: READONLY.filter((name) => kindOf.get(name) !== undefined),
  };
}

function kindOfFile(file: string): "directory" | "file" | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && (found.isDirectory() ? "directory" : "file");
}

/** systemd-resolved's stub listens on the host's loopback, which containers do not share: its upstream file serves instead. */
function readResolvConf(): string {
  const main = textOf("/etc/resolv.conf");
  if (!/^nameserver\s+127\.0\.0\.53/m.test(main)) return main;
  return textOf("/run/systemd/resolve/resolv.conf") || main;
}

/** Addresses with their scope as the fourth field (net/ipv6/addrconf.c): 00 is that of all others. */
function readIpv6(): boolean {
  return /^\w{32} \w\w \w\w 00 /m.test(textOf("/proc/net/if_inet6"));
}
