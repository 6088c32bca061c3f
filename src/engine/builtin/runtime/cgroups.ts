/**
 * Cgroups of a session and of a container. Every container has a v2 cgroup where there is a v2 hierarchy (cloned into, frozen, killed by
 * cgroup.kill). A v1 cgroup is made for what needs it and no more: moving a process into one takes the kernel some ten milliseconds.
 */
import path from "node:path";
import type { ResourceLimits } from "../../engine.js";
import type { Plan } from "../supervisor/codec.js";
import { type CgroupWrite, checkLimits, unifiedLimits, v1Limits } from "./cgroup-limits.js";
import { type DeviceRule, deviceList } from "./device-rules.js";
import { type CgroupFacts, type HostFacts, kernelAtLeast, V1_CONTROLLERS, type V1Controller } from "./host-facts.js";

export interface SessionCgroups {
  /** Removed with the session, one a hierarchy; not all are made. */
  readonly directories: readonly string[];
  readonly prepare: Plan;
  readonly unified: string | undefined;
  readonly v1: CgroupFacts["v1"];
}

export interface ContainerCgroups {
  /** The v2 cgroup to be cloned into. */
  readonly unified: string | undefined;
  /** By v1 controller, whether made or not. */
  readonly v1: CgroupFacts["v1"];
  /** Removed with the container; not all are made. */
  readonly directories: readonly string[];
  readonly prepare: Plan;
  /** Run by each process of the container before anything else. */
  readonly join: Plan;
  /** Counts kills by the kernel's out-of-memory killer; there once something limits memory. */
  readonly oomFile: string | undefined;
  readonly freezer: Freezer | undefined;
}

/** How a container's processes are frozen: what is written where, and which line of which file says that they are. */
export interface Freezer {
  readonly file: string;
  readonly watched: string;
  readonly freeze: { readonly data: string; readonly line: string };
  readonly thaw: { readonly data: string; readonly line: string };
  /** The watched file announces its changes. */
  readonly announces: boolean;
}

export interface ContainerCgroupOptions {
  readonly session: SessionCgroups;
  readonly host: HostFacts;
  /** Of the directories. */
  readonly name: string;
  readonly limits: ResourceLimits;
  /** What may be used, for v1's controller; where there is v2, a program decides. Undefined: everything. */
  readonly devices: readonly DeviceRule[] | undefined;
  /** Of those whose I/O is limited, `MAJOR:MINOR` by path. */
  readonly disks: ReadonlyMap<string, string>;
}

const UNIFIED_CONTROLLERS = ["memory", "cpu", "pids", "io", "cpuset"];

export function planSessionCgroups(facts: CgroupFacts, session: string): SessionCgroups {
  const name = `caisson-${session}`;
  const unified = facts.unified && path.join(facts.unified, name);
  const v1 = below(facts.v1, name);
  const wanted = facts.unifiedControllers.filter((controller) => UNIFIED_CONTROLLERS.includes(controller));
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
    directories: [...new Set([...(unified ? [unified] : []), ...Object.values(v1)])],
    prepare: [...(unified ? [ofSession(unified)] : []), ...enable],
    unified,
    v1,
  };
}

/** @throws UNSUPPORTED for a limit that this host can't enforce, OPTION_INVALID for processors that it does not have */
export function planContainerCgroups({ session, host, name, limits, devices, disks }: ContainerCgroupOptions): ContainerCgroups {
  checkLimits(limits, host);
  const unified = session.unified && path.join(session.unified, name);
  const v1 = below(session.v1, name);
  const onV1 = Object.keys(v1).length > 0;
  const writes = onV1 ? v1Limits(limits, v1, host.cgroups, disks) : unified ? unifiedLimits(limits, unified, host.cgroups, disks) : [];
  // Without v2, v1 must do what it does for every container, limits or not.
  const always: readonly V1Controller[] = [
    ...(unified ? [] : ["devices" as const]),
    ...(unified && freezesUnified(host) ? [] : ["freezer" as const]),
  ];
  const deviceWrites = !unified && v1.devices && devices ? v1DeviceWrites(v1.devices, devices) : [];
  const needed = V1_CONTROLLERS.filter(
    (controller) =>
      v1[controller] !== undefined && (always.includes(controller) || writes.some(({ file }) => path.dirname(file) === v1[controller])),
  );
  const made = [...new Set(needed.map((controller) => v1[controller]!))];
  const oom = v1.memory ? path.join(v1.memory, "memory.oom_control") : unified && path.join(unified, "memory.events");
  return {
    unified,
    v1,
    directories: [...(unified ? [unified] : []), ...new Set(Object.values(v1))],
    prepare: [
      ...(unified ? [makeDirectory(unified)] : []),
      ...made.flatMap((directory) => [ofSession(path.dirname(directory)), ...inheritCpuset(directory, v1, host), makeDirectory(directory)]),
      ...[...writes, ...deviceWrites].map(hostWrite),
    ],
    join: made.map((directory) => ({ op: "HOST_WRITE", path: path.join(directory, "cgroup.procs"), data: "0" })),
    oomFile: oom,
    freezer: freezerOf(unified, v1.freezer, host),
  };
}

function below(directories: CgroupFacts["v1"], name: string): CgroupFacts["v1"] {
  return Object.fromEntries(Object.entries(directories).map(([controller, directory]) => [controller, path.join(directory, name)]));
}

/** Known for what it is to later sessions, whatever becomes of this one's directory. */
function ofSession(directory: string): Plan[number] {
  return { op: "CGROUP", path: directory };
}

function makeDirectory(directory: string): Plan[number] {
  return { op: "HOST_MKDIR", path: directory, mode: 0o755 };
}

function hostWrite({ file, data, optional }: CgroupWrite): Plan[number] {
  return { op: "HOST_WRITE", path: file, data, ...(optional && { optional }) };
}

/** The session's cpuset begins empty, and a container's can't have more. */
function inheritCpuset(directory: string, v1: CgroupFacts["v1"], { cgroups: { cpuset } }: HostFacts): Plan {
  if (directory !== v1.cpuset || !cpuset) return [];
  const parent = path.dirname(directory);
  return [
    hostWrite({ file: path.join(parent, "cpuset.cpus"), data: cpuset.cpus }),
    hostWrite({ file: path.join(parent, "cpuset.mems"), data: cpuset.mems }),
  ];
}

function v1DeviceWrites(directory: string, devices: readonly DeviceRule[]): CgroupWrite[] {
  return [
    { file: path.join(directory, "devices.deny"), data: "a" },
    ...deviceList(devices).map((data) => ({ file: path.join(directory, "devices.allow"), data })),
  ];
}

/** Whether containers can be frozen. */
export function hasFreezer({ cgroups: { unified, v1 }, ...host }: HostFacts): boolean {
  return (unified !== undefined && freezesUnified(host)) || v1.freezer !== undefined;
}

/** cgroup.freeze came with Linux 5.2. */
function freezesUnified(host: Pick<HostFacts, "kernel">): boolean {
  return kernelAtLeast(host, 5, 2);
}

function freezerOf(unified: string | undefined, v1: string | undefined, host: HostFacts): Freezer | undefined {
  if (unified && freezesUnified(host)) {
    return {
      file: path.join(unified, "cgroup.freeze"),
      watched: path.join(unified, "cgroup.events"),
      freeze: { data: "1", line: "frozen 1" },
      thaw: { data: "0", line: "frozen 0" },
      announces: true,
    };
  }
  if (!v1) return undefined;
  const file = path.join(v1, "freezer.state");
  return {
    file,
    watched: file,
    freeze: { data: "FROZEN", line: "FROZEN" },
    thaw: { data: "THAWED", line: "THAWED" },
    announces: false,
  };
}
