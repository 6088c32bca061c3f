/** What planning needs to know of the host, as plain data: read by read-host-facts.ts, written by hand in tests. */
import type { EnforcedLimits } from "../../engine.js";
import type { UserNamespace } from "./user-namespace.js";

export interface HostFacts {
  readonly uid: number;
  /** For a user who is not root. */
  readonly userNamespace?: UserNamespace | undefined;
  /** Root is so in a user namespace alone that somebody has made around this process: a container of a rootless engine, a pod with `hostUsers: false`. */
  readonly nested?: boolean | undefined;
  /** The supervisor's effective capabilities, in its user namespace. */
  readonly capabilities: bigint;
  readonly kernel: readonly [major: number, minor: number];
  /** Node's name: `x64`, `arm64`. */
  readonly architecture: string;
  readonly cgroups: CgroupFacts;
  /** Limits that this host enforces. */
  readonly limits: EnforcedLimits;
  /** Which of the paths that are hidden or write-protected in containers this kernel has, relative to the root. */
  readonly protectedPaths: {
    readonly maskedDirectories: readonly string[];
    readonly maskedFiles: readonly string[];
    readonly readonly: readonly string[];
  };
  /** As it is now: a host may join a network, or another one, while an engine lives. */
  readonly network: () => HostNetwork;
  /** Why no overlay can be mounted on the data root: a root file system is a copy of its layers then. */
  readonly overlayRefused?: string | undefined;
  /** Why no /proc of its own can be mounted for a container: it sees the host's then. */
  readonly procRefused?: string | undefined;
}

export interface HostNetwork {
  /** Contents of the resolv.conf that names servers which are not on the host's loopback. */
  readonly resolvConf: string;
  /** It has an IPv6 address that leads further than to itself and its links. */
  readonly ipv6: boolean;
}

export interface CgroupFacts {
  readonly version: "1" | "2" | "hybrid" | "none";
  /** Directory of the v2 hierarchy below which sessions are placed; undefined without one that can be written to. */
  readonly unified: string | undefined;
  /** Controllers of the v2 hierarchy. */
  readonly unifiedControllers: readonly string[];
  /** Directory for sessions by v1 controller. */
  readonly v1: Readonly<Partial<Record<V1Controller, string>>>;
  /** Processors and memory nodes that may be used at all, where there is a controller for them. */
  readonly cpuset: { readonly cpus: string; readonly mems: string } | undefined;
  /** The file that takes weights of block I/O: depends on version and scheduler. */
  readonly blkioWeightFile: string | undefined;
}

export const V1_CONTROLLERS = ["memory", "cpu", "cpuacct", "cpuset", "pids", "blkio", "freezer", "devices"] as const;

export type V1Controller = (typeof V1_CONTROLLERS)[number];

/** Whether what containers are made in is not the host's own user namespace: without rights over its devices and its file systems' marks. */
export function inUserNamespace({ userNamespace, nested = false }: Pick<HostFacts, "userNamespace" | "nested">): boolean {
  return userNamespace !== undefined || nested;
}

export function kernelAtLeast(host: Pick<HostFacts, "kernel">, major: number, minor: number): boolean {
  return host.kernel[0] > major || (host.kernel[0] === major && host.kernel[1] >= minor);
}
