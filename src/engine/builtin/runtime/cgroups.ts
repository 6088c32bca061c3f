/**
 * Cgroups of a session and of a container. Every container has a v2 cgroup where there is a v2 hierarchy (cloned into, killed by
 * cgroup.kill); v1 cgroups exist for limits only, and the process attaches itself.
 */
import path from "node:path";
import type { ResourceLimits } from "../../engine.js";
import { UnsupportedError } from "../../errors.js";
import type { Plan } from "../supervisor/codec.js";
import type { CgroupFacts, HostFacts } from "./host-facts.js";

export interface SessionCgroups {
  /** Removed with the session, one a hierarchy. */
  readonly directories: readonly string[];
  readonly prepare: Plan;
  readonly unified: string | undefined;
  readonly v1: CgroupFacts["v1"];
}

export interface ContainerCgroups {
  /** The v2 cgroup to be cloned into. */
  readonly unified: string | undefined;
  readonly directories: readonly string[];
  readonly prepare: Plan;
  /** Run by each process of the container before anything else. */
  readonly join: Plan;
  /** Counts kills by the kernel's out-of-memory killer. */
  readonly oomFile: string | undefined;
}

const CPU_PERIOD_US = 100_000;

export function planSessionCgroups(facts: CgroupFacts, session: string): SessionCgroups {
  const name = `caisson-${session}`;
  const unified = facts.unified && path.join(facts.unified, name);
  const v1 = Object.fromEntries(Object.entries(facts.v1).map(([controller, directory]) => [controller, path.join(directory, name)]));
  const directories = [...new Set([...(unified ? [unified] : []), ...Object.values(v1)])];
  const wanted = facts.unifiedControllers.filter((controller) => ["memory", "cpu", "pids"].includes(controller));
  const enable: Plan = !unified
    ? []
    : wanted.flatMap((controller) =>
        [facts.unified!, unified].map((directory) => ({
          op: "HOST_WRITE" as const,
          path: path.join(directory, "cgroup.subtree_control"),
          data: `+${controller}`,
          optional: true,
        })),
      );
  return {
    directories,
    prepare: [...directories.map((directory) => ({ op: "HOST_MKDIR" as const, path: directory, mode: 0o755 })), ...enable],
    unified,
    v1,
  };
}

/** @throws UNSUPPORTED for a limit that this host can't enforce */
export function planContainerCgroups(
  session: SessionCgroups,
  host: HostFacts,
  container: string,
  limits: ResourceLimits,
): ContainerCgroups {
  checkEnforced(limits, host);
  const unified = session.unified && path.join(session.unified, container);
  const writes =
    session.v1.memory || session.v1.cpu || session.v1.pids ? v1Limits(limits, session.v1, container) : unifiedLimits(limits, unified);
  const v1Directories = [...new Set(writes.map(([file]) => path.dirname(file)))].filter((directory) => directory !== unified);
  const directories = [...(unified ? [unified] : []), ...v1Directories];
  const memory = limits.memoryBytes !== undefined;
  const v1Memory = session.v1.memory && path.join(session.v1.memory, container);
  return {
    unified,
    directories,
    prepare: [
      ...directories.map((directory) => ({ op: "HOST_MKDIR" as const, path: directory, mode: 0o755 })),
      ...writes.map(([file, data, optional]) => ({ op: "HOST_WRITE" as const, path: file, data, ...(optional ? { optional } : {}) })),
    ],
    join: v1Directories.map((directory) => ({ op: "HOST_WRITE", path: path.join(directory, "cgroup.procs"), data: "0" })),
    oomFile: !memory ? undefined : v1Memory ? path.join(v1Memory, "memory.oom_control") : unified && path.join(unified, "memory.events"),
  };
}

function checkEnforced(limits: ResourceLimits, host: HostFacts): void {
  const needs = [
    ["memoryBytes", host.limits.memory],
    ["memorySwapBytes", host.limits.memory],
    ["cpus", host.limits.cpu],
    ["cpuShares", host.limits.cpu],
    ["pids", host.limits.pids],
  ] as const;
  for (const [name, enforced] of needs) {
    if (limits[name] === undefined || enforced) continue;
    throw new UnsupportedError(
      "builtin",
      `resources.${name}`,
      "this host has no cgroup controller that enforces it",
      "`caisson doctor` shows the controllers.",
    );
  }
}

type Write = readonly [file: string, data: string, optional?: true];

function v1Limits(limits: ResourceLimits, v1: CgroupFacts["v1"], container: string): Write[] {
  const writes: Write[] = [];
  const add = (directory: string | undefined, file: string, data: string | undefined, optional?: true): void => {
    if (directory && data !== undefined)
      writes.push(optional ? [path.join(directory, container, file), data, optional] : [path.join(directory, container, file), data]);
  };
  add(v1.memory, "memory.limit_in_bytes", text(limits.memoryBytes));
  // Only there with swap accounting. Docker's default is as much swap as memory.
  add(v1.memory, "memory.memsw.limit_in_bytes", text(limits.memorySwapBytes ?? (limits.memoryBytes && limits.memoryBytes * 2)), true);
  if (limits.cpus !== undefined) {
    add(v1.cpu, "cpu.cfs_period_us", String(CPU_PERIOD_US));
    add(v1.cpu, "cpu.cfs_quota_us", String(Math.round(limits.cpus * CPU_PERIOD_US)));
  }
  add(v1.cpu, "cpu.shares", text(limits.cpuShares));
  add(v1.pids, "pids.max", text(limits.pids));
  return writes;
}

function unifiedLimits(limits: ResourceLimits, directory: string | undefined): Write[] {
  if (!directory) return [];
  const writes: Write[] = [];
  const add = (file: string, data: string | undefined, optional?: true): void => {
    if (data !== undefined) writes.push(optional ? [path.join(directory, file), data, optional] : [path.join(directory, file), data]);
  };
  const { memoryBytes, memorySwapBytes, cpus, cpuShares, pids } = limits;
  add("memory.max", text(memoryBytes));
  if (memoryBytes !== undefined)
    add("memory.swap.max", memorySwapBytes === -1 ? "max" : String((memorySwapBytes ?? memoryBytes * 2) - memoryBytes), true);
  if (cpus !== undefined) add("cpu.max", `${Math.round(cpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}`);
  // The conversion of the OCI runtimes: shares 2..262144 to weight 1..10000.
  if (cpuShares !== undefined) add("cpu.weight", String(1 + Math.floor(((cpuShares - 2) * 9999) / 262_142)));
  add("pids.max", text(pids));
  return writes;
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
