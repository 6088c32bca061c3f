/** Probes that try: each a plan that a child of the supervisor runs in new namespaces, and that ends with the child. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Probe } from "../../diagnosis.js";
import { errorSummary } from "../../errors.js";
import type { Session } from "../containers/session.js";
import { defaultAddress } from "../network/addresses.js";
import { loopbackMessages, uplinkRouteMessages } from "../network/netlink.js";
import { type UplinkScope, uplinkCapture, uplinkChains } from "../network/uplink.js";
import { capabilitySet } from "../runtime/capabilities.js";
import { describeOperation } from "../runtime/describe-operation.js";
import { compileDeviceRules, DEFAULT_DEVICE_RULES } from "../runtime/device-rules.js";
import { CloneFlag, MountFlag } from "../runtime/kernel-constants.js";
import { planPseudoMounts } from "../runtime/plan-pseudo-mounts.js";
import { planOverlay } from "../runtime/plan-rootfs.js";
import { defaultSeccompFilter } from "../runtime/seccomp-compile.js";
import { type Plan, writePlan } from "../supervisor/codec.js";
import { Message, Tag } from "../supervisor/protocol.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";

interface Trial {
  readonly name: string;
  readonly cloneFlags: number;
  readonly plan: (session: Session, room: Room) => Plan | undefined;
  readonly detail: string;
  readonly remedy: string;
  /** Containers run without it. */
  readonly optional?: boolean;
}

/** Directories for trials below the session's, which go with it. */
interface Room {
  readonly layer: string;
  readonly scratch: string;
}

const NAMESPACES = { mount: "NEWNS", uts: "NEWUTS", ipc: "NEWIPC", pid: "NEWPID", network: "NEWNET", cgroup: "NEWCGROUP" } as const;
const CONFINED = "A sandbox around this process (a container's seccomp profile, AppArmor) may forbid it: loosen it, or run outside of it.";

const NETLINK_NETFILTER = 12;
/** With every kind of rule. */
const UPLINK: UplinkScope = { ofContainer: true, gateways: [{ address: defaultAddress.gateway, exposed: [{ port: 1 }] }], ipv6: [] };

const privateMounts: Plan = [{ op: "MOUNT_PROPAGATION", path: "/", flags: MountFlag.REC | MountFlag.PRIVATE }];

function rootFileSystem(session: Session, room: Room): Plan {
  const { host, mountpoint } = session;
  return [
    ...privateMounts,
    ...planOverlay({ layers: [room.layer], scratch: room.scratch, mountpoint, writable: true, host }),
    { op: "ROOT", path: mountpoint },
  ];
}

const TRIALS: readonly Trial[] = [
  ...Object.entries(NAMESPACES).map(
    ([name, flag]): Trial => ({
      name: `namespace ${name}`,
      cloneFlags: CloneFlag[flag],
      plan: () => [],
      detail: "can be created",
      remedy: CONFINED,
    }),
  ),
  {
    name: "overlay",
    cloneFlags: CloneFlag.NEWNS,
    plan: rootFileSystem,
    detail: "mounts on the data root",
    remedy: "Load the overlay module, and put CAISSON_HOME on a file system that can be an upper layer (ext4, xfs, btrfs, tmpfs).",
  },
  {
    name: "proc, dev and sys",
    cloneFlags: CloneFlag.NEWNS | CloneFlag.NEWPID | CloneFlag.NEWNET | CloneFlag.NEWIPC,
    plan: (session, room) => [
      ...rootFileSystem(session, room),
      ...planPseudoMounts({
        host: session.host,
        privileged: false,
        ownNetwork: true,
        hostPid: false,
        sharedMemory: { of: "itself", sizeBytes: undefined },
      }),
      { op: "PIVOT_ROOT" },
    ],
    detail: "can be mounted and masked",
    remedy: CONFINED,
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
        data: Buffer.concat([loopbackMessages(defaultAddress), uplinkRouteMessages({ source: defaultAddress.address, ipv6: host.ipv6 })]),
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
    name: "seccomp",
    cloneFlags: 0,
    plan: ({ host }) => {
      const filter = defaultSeccompFilter(host.architecture, capabilitySet({}, host.capabilities));
      return filter && [{ op: "SECCOMP", data: filter, flags: 0 }];
    },
    detail: "the default filter can be installed",
    remedy: "The kernel needs CONFIG_SECCOMP_FILTER.",
  },
  {
    name: "device rules",
    cloneFlags: 0,
    plan: ({ cgroups, host }) =>
      cgroups.unified === undefined || host.userNamespace
        ? undefined
        : [{ op: "BPF_DEVICE", path: cgroups.unified, data: compileDeviceRules(DEFAULT_DEVICE_RULES) }],
    detail: "can be attached to cgroups",
    remedy: "The kernel needs CONFIG_CGROUP_BPF, and a v2 cgroup hierarchy.",
    optional: true,
  },
];

/** Names in the order of the report. */
export const KERNEL_PROBES: readonly string[] = TRIALS.map(({ name }) => name);

export async function probeKernel(session: Session): Promise<readonly Probe[]> {
  const base = path.join(session.directory, "doctor");
  const probes: Probe[] = [];
  for (const [index, trial] of TRIALS.entries()) {
    const scratch = path.join(base, String(index));
    const room = { layer: path.join(scratch, "layer"), scratch };
    for (const name of ["layer", "upper", "work"]) await mkdir(path.join(scratch, name), { recursive: true });
    probes.push(await run(session, trial, room));
  }
  return probes;
}

async function run(session: Session, { name, cloneFlags, plan: planOf, detail, remedy, optional }: Trial, room: Room): Promise<Probe> {
  const plan = planOf(session, room);
  if (plan === undefined) return { name, status: "skipped", detail: "not tried: there is nothing to try it with" };
  try {
    await session.supervisor.request(Message.TRY, (writer) =>
      writer.u64(Tag.CLONE_FLAGS, cloneFlags).nested(Tag.PLAN, (nested) => writePlan(nested, plan)),
    );
    return { name, status: "passed", detail };
  } catch (error) {
    if (!(error instanceof SupervisorFailure)) return { name, status: "failed", ...errorSummary(error) };
    const operation = error.operation === undefined ? undefined : plan[error.operation];
    const step = operation ? `${describeOperation(operation)}: ${error.message}` : error.message;
    return { name, status: optional ? "warning" : "failed", detail: step, remedy };
  }
}
