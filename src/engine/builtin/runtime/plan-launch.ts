/** From a container's spec to the plan that starts it: a pure function of what is known before anything runs. */
import path from "node:path";
import type { ContainerSpec, ImageConfig } from "../../engine.js";
import { inRoot } from "../../spec/mount-targets.js";
import type { UplinkScope } from "../network/uplink.js";
import type { Plan } from "../supervisor/codec.js";
import { capabilitySet } from "./capabilities.js";
import { type ContainerCgroups, planContainerCgroups, type SessionCgroups } from "./cgroups.js";
import { compileDeviceRules, DEFAULT_DEVICE_RULES, type DeviceRule } from "./device-rules.js";
import { etcFiles } from "./etc-files.js";
import { type HostFacts, inUserNamespace } from "./host-facts.js";
import { CloneFlag, MountAttr, MountFlag, SIGKILL } from "./kernel-constants.js";
import { planCredentials } from "./plan-credentials.js";
import { type HostDevices, planAllDevices, planNamedDevices } from "./plan-devices.js";
import { type PlannedMount, planMounts } from "./plan-mounts.js";
import { planPseudoMounts, type SharedMemory } from "./plan-pseudo-mounts.js";
import { copyLayers, planOverlay, ROOT_SLOT, scratchDirectories } from "./plan-rootfs.js";
import { resolveProcess, searchPath } from "./resolve-process.js";
import { planRlimits } from "./rlimits.js";
import { seccompFilter } from "./seccomp-compile.js";
import { planSysctls } from "./sysctls.js";
import type { UserDatabase } from "./users.js";

export interface LaunchOptions {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly image: ImageConfig;
  /** Lowest first. */
  readonly layers: readonly string[];
  readonly directories: { readonly scratch: string; readonly mountpoint: string };
  /** What its layer has synced must be there after a power failure. @default false */
  readonly durable?: boolean | undefined;
  /** The how-manieth start of this container. */
  readonly start: number;
  readonly users: UserDatabase;
  readonly host: HostFacts;
  readonly session: SessionCgroups;
  readonly network: LaunchNetwork;
  readonly mounts: readonly PlannedMount[];
  /** Where the image declares volumes that live in the container's own layer. */
  readonly layerVolumes: readonly string[];
  readonly devices: HostDevices;
  /** Ids of the containers whose namespaces are shared. */
  readonly peers: Peers;
  readonly additions?: LaunchAdditions | undefined;
}

/** How a container meets the network. */
export interface LaunchNetwork {
  /** Whether it gets a namespace of its own. */
  readonly own: boolean;
  /** Run by the container's first process: joins a namespace, or configures its own. */
  readonly plan: Plan;
  /** Its addresses, for /etc/hosts. */
  readonly addresses: readonly string[];
  /** The engine's name server in its namespace. */
  readonly nameServer: NameServerPlace | undefined;
  /** What its own namespace leads out to; undefined without a way out of its own. */
  readonly uplink: UplinkScope | undefined;
  /** By which address it finds the host; undefined where it can't. */
  readonly hostGateway: string | undefined;
  /** Directory with the files of the container whose network is shared; undefined: its own. */
  readonly etc: string | undefined;
}

/** Where it takes queries; its clients ask port 53 in any case. */
export interface NameServerPlace {
  readonly address: string;
  readonly port: number;
}

export interface Peers {
  readonly ipc: string | undefined;
  readonly pid: string | undefined;
}

/** What builds add to a container: mounts whose sources are neither paths of the host nor new file systems. Their commands see no HOSTNAME. */
export interface LaunchAdditions {
  /** Before the root file system is mounted: opens sources, in slots from `FIRST_FREE_SLOT` on. */
  readonly sources: Plan;
  /** After the container's other mounts. */
  readonly mounts: Plan;
}

export interface LaunchPlan {
  readonly cloneFlags: number;
  /** The v2 cgroup to be cloned into. */
  readonly cgroup: string | undefined;
  readonly cgroupDirectories: readonly string[];
  readonly oomFile: string | undefined;
  readonly cgroups: ContainerCgroups;
  /** Run by the supervisor. */
  readonly prepare: Plan;
  /** Run by the container's first process. */
  readonly plan: Plan;
  /** What every further process of the container runs first. */
  readonly join: Plan;
  readonly warnings: readonly string[];
}

/** @throws OPTION_INVALID, UNSUPPORTED */
export function planLaunch(options: LaunchOptions): LaunchPlan {
  const { id, spec, host, session } = options;
  const cgroups = planContainerCgroups({
    session,
    host,
    name: cgroupName(id, options.start),
    limits: spec.resources ?? {},
    devices: spec.privileged ? undefined : allowedDevices(options.devices),
    disks: options.devices.disks,
  });
  const own = ownNamespaces(spec, options.network);
  return {
    cloneFlags:
      CloneFlag.NEWNS |
      (own.uts ? CloneFlag.NEWUTS : 0) |
      (own.pid ? CloneFlag.NEWPID : 0) |
      (own.ipc ? CloneFlag.NEWIPC : 0) |
      (own.network ? CloneFlag.NEWNET : 0),
    cgroup: cgroups.unified,
    cgroupDirectories: cgroups.directories,
    oomFile: cgroups.oomFile,
    cgroups,
    prepare: planPrepare(options, cgroups),
    plan: planProcess(options, cgroups, own),
    join: cgroups.join,
    warnings: [],
  };
}

interface OwnNamespaces {
  readonly network: boolean;
  readonly ipc: boolean;
  readonly pid: boolean;
  readonly uts: boolean;
}

function ownNamespaces({ ipcMode, pidMode = "private", utsMode }: ContainerSpec, network: LaunchNetwork): OwnNamespaces {
  return {
    network: network.own,
    ipc: ipcMode !== "host" && peerOf(ipcMode) === undefined,
    pid: pidMode === "private",
    uts: utsMode !== "host",
  };
}

/** The container that a mode such as `container:NAME` names. */
export function peerOf(mode: string | undefined): string | undefined {
  return mode?.startsWith("container:") ? mode.slice("container:".length) : undefined;
}

/**
 * One a start: a cgroup that was ever killed can't be cloned into again. The kernel compares the cgroup's count of kills with that of
 * the parent's cgroup (kernel/fork.c reads it before CLONE_INTO_CGROUP takes effect; seen on 6.18) and kills the newborn.
 */
function cgroupName(id: string, start: number): string {
  return start === 1 ? id : `${id}-${start}`;
}

function workDirectory(start: number): string {
  return `work-${start}`;
}

function planPrepare(
  { spec, directories, start, network, host, image, id, users, devices }: LaunchOptions,
  cgroups: ContainerCgroups,
): Plan {
  const { hostname } = resolveProcess({ id, spec, image, users });
  const files = etcFiles({
    hostname,
    domainname: spec.domainname,
    addresses: network.addresses,
    extraHosts: spec.extraHosts ?? [],
    dns: spec.dns ?? [],
    dnsSearch: spec.dnsSearch,
    dnsOptions: spec.dnsOptions,
    hostResolvConf: host.network().resolvConf,
    nameServer: network.nameServer?.address,
    hostGateway: network.hostGateway,
  });
  return [
    ...scratchDirectories(directories.scratch, workDirectory(start)),
    ...Object.entries(files).map(([name, data]) => ({
      op: "HOST_WRITE" as const,
      path: path.join(directories.scratch, name),
      data,
      mode: 0o644,
    })),
    ...cgroups.prepare,
    // In a user namespace the kernel takes no such program, and needs none: devices are those that the user may open himself.
    ...(cgroups.unified && !spec.privileged && !inUserNamespace(host)
      ? [{ op: "BPF_DEVICE" as const, path: cgroups.unified, data: compileDeviceRules(allowedDevices(devices)) }]
      : []),
  ];
}

function allowedDevices({ rules }: HostDevices): readonly DeviceRule[] {
  return [...DEFAULT_DEVICE_RULES, ...rules];
}

function planProcess(options: LaunchOptions, cgroups: ContainerCgroups, own: OwnNamespaces): Plan {
  const { id, spec, image, users, host, layers, directories, start, network, layerVolumes } = options;
  const process = resolveProcess({ id, spec, image, users, tellHostname: options.additions === undefined });
  const capabilities = capabilitySet(spec, host.capabilities);
  const mounts = planMounts([...etcMounts(network.etc ?? directories.scratch), ...options.mounts], {
    mountpoint: directories.mountpoint,
    host,
  });
  const singleId = host.userNamespace?.single !== undefined;
  const unconfined = spec.privileged || spec.seccomp === "unconfined";
  const seccomp = seccompFilter({ architecture: host.architecture, capabilities, unconfined, singleId });
  return [
    { op: "PDEATHSIG", signal: SIGKILL },
    ...(host.overlayRefused === undefined ? [] : copyLayers(layers, directories.scratch)),
    ...cgroups.join,
    { op: "UNSHARE", flags: CloneFlag.NEWCGROUP },
    ...planRlimits(spec.ulimits ?? []),
    ...(spec.oomScoreAdj === undefined ? [] : [{ op: "OOM_SCORE" as const, data: String(spec.oomScoreAdj), optional: true }]),
    { op: "MOUNT_PROPAGATION", path: "/", flags: MountFlag.REC | MountFlag.PRIVATE },
    ...(options.additions?.sources ?? []),
    ...mounts.sources,
    ...planOverlay({
      layers,
      scratch: directories.scratch,
      mountpoint: directories.mountpoint,
      writable: true,
      host,
      work: workDirectory(start),
      durable: options.durable,
    }),
    { op: "ROOT", path: directories.mountpoint },
    { op: "UMASK", mode: 0 },
    ...mounts.contents,
    ...(own.uts ? [{ op: "HOSTNAME" as const, data: process.hostname }] : []),
    ...(own.uts && spec.domainname ? [{ op: "DOMAINNAME" as const, data: spec.domainname }] : []),
    // The plan may step into other namespaces: by then the supervisor must have found this one.
    ...(own.network ? [{ op: "AWAIT" as const }] : []),
    ...network.plan,
    ...(options.peers.ipc === undefined ? [] : [{ op: "JOIN" as const, name: options.peers.ipc, flags: CloneFlag.NEWIPC }]),
    ...planSysctls(spec.sysctls ?? {}, own),
    ...planPseudoMounts({
      host,
      privileged: spec.privileged ?? false,
      ownNetwork: spec.networkMode !== "host",
      hostPid: spec.pidMode === "host",
      sharedMemory: sharedMemoryOf(spec, options.peers),
    }),
    ...planAllDevices(options.devices, host),
    ...layerVolumes.map((volume) => ({ op: "MKDIR" as const, path: inRoot(volume), mode: 0o755 })),
    ...mounts.places,
    ...planNamedDevices(options.devices),
    ...(options.additions?.mounts ?? []),
    ...(spec.tty ? [{ op: "PTY" as const }, { op: "CONSOLE" as const }] : [{ op: "SETSID" as const }]),
    ...(spec.readonlyRootfs ? readonlyRoot() : []),
    { op: "PIVOT_ROOT" },
    { op: "UMASK", mode: 0o022 },
    { op: "KEYRING", optional: true },
    { op: "CHDIR", path: process.workingDir, flags: spec.readonlyRootfs ? 0 : 1 },
    ...planCredentials({ user: process.user, capabilities, noNewPrivileges: spec.noNewPrivileges ?? false, seccomp, singleId }),
    ...(spec.init ? [{ op: "INIT" as const }] : []),
    { op: "EXEC", arg: process.argv, env: process.env, path: searchPath(process.env) },
  ];
}

function sharedMemoryOf({ ipcMode, shmSizeBytes }: ContainerSpec, { ipc }: Peers): SharedMemory {
  if (ipc !== undefined) return { of: "container", container: ipc };
  if (ipcMode === "host" || ipcMode === "none") return { of: ipcMode };
  return { of: "itself", sizeBytes: shmSizeBytes };
}

/** First, so that what the user mounts there hides them. */
function etcMounts(scratch: string): PlannedMount[] {
  return ["hosts", "hostname", "resolv.conf"].map((name) => ({
    target: `/etc/${name}`,
    readonly: false,
    source: { kind: "own", path: path.join(scratch, name) },
  }));
}

/** The mount alone, not those below it. */
function readonlyRoot(): Plan {
  return [
    { op: "OPEN_TREE_IN_ROOT", slot: ROOT_SLOT, path: ".", flags: 0 },
    { op: "MOUNT_SETATTR", slot: ROOT_SLOT, set: MountAttr.RDONLY, flags: 0 },
  ];
}
