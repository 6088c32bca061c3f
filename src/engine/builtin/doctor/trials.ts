/** What the kernel must allow: each a plan that a child of the supervisor runs in new namespaces, and that ends with the child. */
import { defaultAddress } from "../network/addresses.js";
import { loopbackMessages, uplinkRouteMessages } from "../network/netlink.js";
import { type UplinkScope, uplinkCapture, uplinkChains } from "../network/uplink.js";
import { capabilitySet } from "../runtime/capabilities.js";
import type { SessionCgroups } from "../runtime/cgroups.js";
import { type ConfinementFacts, procRemedy } from "../runtime/confinement.js";
import { compileDeviceRules, DEFAULT_DEVICE_RULES } from "../runtime/device-rules.js";
import { type HostFacts, inUserNamespace } from "../runtime/host-facts.js";
import { CloneFlag, MountFlag, OpenTree } from "../runtime/kernel-constants.js";
import { mountOnHost, planPseudoMounts } from "../runtime/plan-pseudo-mounts.js";
import { planOverlay } from "../runtime/plan-rootfs.js";
import { seccompFilter } from "../runtime/seccomp-compile.js";
import type { Operation, Plan } from "../supervisor/codec.js";

export interface Trial {
  /** That of its probe. */
  readonly name: string;
  readonly cloneFlags: number;
  /** undefined: there is nothing to try it with. */
  readonly plan: (place: TrialPlace) => Plan | undefined;
  /** Said where it works. */
  readonly detail: string;
  /** Said where it fails, and nothing that confines this process is known to be the reason. */
  readonly remedy: string;
  /** What lifts its refusal at a step, whatever else confines this process. */
  readonly remedyFor?: (facts: ConfinementFacts, step: Operation | undefined) => string | undefined;
  /** Containers run without it. */
  readonly optional?: boolean;
  /** What containers get where it fails: they run. */
  readonly instead?: { readonly words: string; readonly known: (host: HostFacts) => boolean };
}

export interface TrialPlace {
  readonly host: HostFacts;
  readonly cgroups: SessionCgroups;
  /** An empty directory to mount on. */
  readonly mountpoint: string;
  /** A directory for this trial alone, with `layer`, `upper` and `work` in it; goes with the session. */
  readonly scratch: string;
}

const NAMESPACES = { mount: "NEWNS", uts: "NEWUTS", ipc: "NEWIPC", pid: "NEWPID", network: "NEWNET", cgroup: "NEWCGROUP" } as const;
const CONFINED = "A sandbox around this process (a container's seccomp profile, AppArmor) may forbid it: loosen it, or run outside of it.";

const TUN = "Caisson's own networks don't need it: only containers that ask for the device do.";

const NETLINK_NETFILTER = 12;
/** With every kind of rule. */
const UPLINK: UplinkScope = { ofContainer: true, gateways: [{ address: defaultAddress.gateway, exposed: [{ port: 1 }] }], ipv6: [] };

const privateMounts: Plan = [{ op: "MOUNT_PROPAGATION", path: "/", flags: MountFlag.REC | MountFlag.PRIVATE }];

function rootFileSystem({ host, mountpoint, scratch }: TrialPlace): Plan {
  return [
    ...privateMounts,
    ...planOverlay({ layers: [`${scratch}/layer`], scratch, mountpoint, writable: true, host }),
    { op: "ROOT", path: mountpoint },
  ];
}

const mountTrial: Trial = {
  name: "mount",
  cloneFlags: CloneFlag.NEWNS,
  plan: ({ mountpoint }) => [...privateMounts, ...mountOnHost("tmpfs", mountpoint)],
  detail: "file systems can be mounted in a namespace",
  remedy: CONFINED,
};

export const OVERLAY_TRIAL: Trial = {
  name: "overlay",
  cloneFlags: CloneFlag.NEWNS,
  plan: (place) => rootFileSystem({ ...place, host: { ...place.host, overlayRefused: undefined } }),
  detail: "mounts on the data root",
  instead: {
    words: "The layers of an image are copied for each container instead, with reflinks where the file system has them",
    known: ({ overlayRefused }) => overlayRefused !== undefined,
  },
  remedy: "Load the overlay module, and put CAISSON_HOME on a file system that can be an upper layer (ext4, xfs, btrfs, tmpfs).",
};

export const PROC_TRIAL: Trial = {
  name: "proc",
  cloneFlags: CloneFlag.NEWNS | CloneFlag.NEWPID,
  plan: ({ mountpoint }) => [...privateMounts, ...mountOnHost("proc", mountpoint)],
  detail: "a /proc of its own can be mounted for a container",
  instead: {
    words:
      "Containers see this /proc, read-only: processes outside of them are in it, under the ids that they have here (cmdline and status, no more; " +
      "containers of one session may reach into each other's), and ids of their own are others than those; they keep their pid namespace",
    known: ({ procRefused }) => procRefused !== undefined,
  },
  remedy: CONFINED,
  remedyFor: (facts, step) => (step?.op === "FSMOUNT" ? procRemedy(facts) : undefined),
};

/** What a container has around it: where this passes, containers start. */
export const ROOT_TRIAL: Trial = {
  name: "proc, dev and sys",
  cloneFlags: CloneFlag.NEWNS | CloneFlag.NEWPID | CloneFlag.NEWNET | CloneFlag.NEWIPC,
  plan: (place) => [
    ...rootFileSystem(place),
    ...planPseudoMounts({
      host: place.host,
      privileged: false,
      ownNetwork: true,
      hostPid: false,
      sharedMemory: { of: "itself", sizeBytes: undefined },
    }),
    { op: "PIVOT_ROOT" },
  ],
  detail: "can be mounted and masked",
  remedy: CONFINED,
};

export const TRIALS: readonly Trial[] = [
  ...Object.entries(NAMESPACES).map(
    ([name, flag]): Trial => ({
      name: `namespace ${name}`,
      cloneFlags: CloneFlag[flag],
      plan: () => [],
      detail: "can be created",
      remedy: CONFINED,
    }),
  ),
  mountTrial,
  OVERLAY_TRIAL,
  PROC_TRIAL,
  ROOT_TRIAL,
  {
    name: "cgroup membership",
    cloneFlags: 0,
    plan: ({ cgroups: { unified } }) =>
      unified === undefined
        ? undefined
        : [
            { op: "HOST_MKDIR", path: `${unified}/trial`, mode: 0o755 },
            { op: "HOST_WRITE", path: `${unified}/trial/cgroup.procs`, data: "0" },
          ],
    detail: "a process can be moved into a cgroup of its own",
    remedy:
      "Delegate a cgroup to this process, with write access to cgroup.procs of all on the way; in a container, mount /sys/fs/cgroup writable.",
  },
  {
    name: "network loopback",
    cloneFlags: CloneFlag.NEWNET,
    plan: () => [{ op: "NETLINK", data: loopbackMessages(undefined) }],
    detail: "can be brought up in a namespace",
    remedy: CONFINED,
  },
  {
    name: "network uplink",
    cloneFlags: CloneFlag.NEWNET,
    plan: ({ host }) => [
      {
        op: "NETLINK",
        data: Buffer.concat([
          loopbackMessages(defaultAddress),
          uplinkRouteMessages({ source: defaultAddress.address, ipv6: host.network().ipv6 }),
        ]),
      },
      ...[uplinkChains(UPLINK), uplinkCapture()].map((data) => ({ op: "NETLINK" as const, value: NETLINK_NETFILTER, data })),
    ],
    detail: "containers have a way to the outside",
    remedy:
      "The kernel needs nf_tables with CONFIG_NFT_TPROXY, NFT_FIB_INET, NFT_REJECT_INET, NFT_LOG and NETFILTER_NETLINK_LOG. Until then containers " +
      "reach nothing outside of their networks, and no ports of this host; builds do.",
    optional: true,
  },
  {
    name: "/dev/net/tun",
    cloneFlags: CloneFlag.NEWNS,
    plan: () => [{ op: "OPEN_TREE", slot: 0, path: "/dev/net/tun", flags: OpenTree.CLONE }],
    detail: "can be given to containers",
    remedy: `${TUN} Load the module: modprobe tun`,
    remedyFor: ({ container }) => (container ? `${TUN} Start the ${container} container that this runs in with that device.` : undefined),
    optional: true,
  },
  {
    name: "seccomp",
    cloneFlags: 0,
    plan: ({ host }) => {
      const filter = seccompFilter({ architecture: host.architecture, capabilities: capabilitySet({}, host.capabilities) });
      return filter && [{ op: "SECCOMP", data: filter, flags: 0 }];
    },
    detail: "the default filter can be installed",
    remedy: "The kernel needs CONFIG_SECCOMP_FILTER.",
  },
  {
    name: "device rules",
    cloneFlags: 0,
    plan: ({ cgroups, host }) =>
      cgroups.unified === undefined || inUserNamespace(host)
        ? undefined
        : [{ op: "BPF_DEVICE", path: cgroups.unified, data: compileDeviceRules(DEFAULT_DEVICE_RULES) }],
    detail: "can be attached to cgroups",
    remedy: "The kernel needs CONFIG_CGROUP_BPF, and a v2 cgroup hierarchy.",
    optional: true,
  },
];

/** Names in the order of the report. */
export const KERNEL_PROBES: readonly string[] = TRIALS.map(({ name }) => name);
