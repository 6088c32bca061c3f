/** Probes that only read: kernel version, privileges, cgroups, room for images. */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { networkInterfaces, release } from "node:os";
import path from "node:path";
import type { Probe } from "../../diagnosis.js";
import { type HostFacts, kernelAtLeast } from "../runtime/host-facts.js";

/** mount_setattr(2) is the youngest system call without a substitute. */
const OLDEST_KERNEL = [5, 12] as const;
const CAP_SYS_ADMIN = 1n << 21n;
const LITTLE_ROOM_BYTES = 2 ** 30;

export async function probeHost(host: HostFacts, root: string): Promise<readonly Probe[]> {
  return [kernel(host), privileges(host), await room(root), ...cgroups(host), ipv6()];
}

export function kernel(host: HostFacts): Probe {
  const fits = kernelAtLeast(host, ...OLDEST_KERNEL);
  const detail = `Linux ${release()}, ${host.architecture}`;
  return fits
    ? { name: "kernel", status: "passed", detail }
    : { name: "kernel", status: "failed", detail, remedy: `Linux ${OLDEST_KERNEL.join(".")} or newer is needed.` };
}

export function privileges(host: HostFacts): Probe {
  if (host.userNamespace) {
    const { single, uids } = host.userNamespace;
    if (single) {
      const detail = `user ${host.uid}, in a user namespace of a single id: ${single.missing}`;
      return { name: "privileges", status: "warning", detail, remedy: single.remedy };
    }
    const ids = uids.reduce((sum, [, , count]) => sum + count, 0);
    return { name: "privileges", status: "passed", detail: `user ${host.uid}, in a user namespace of ${ids} ids` };
  }
  if (host.uid === 0 && (host.capabilities & CAP_SYS_ADMIN) !== 0n) {
    const detail = host.nested ? "root, of a user namespace that somebody has made around this process" : "root";
    return { name: "privileges", status: "passed", detail };
  }
  const remedy = "Give the container that this runs in CAP_SYS_ADMIN.";
  return { name: "privileges", status: "failed", detail: "root without CAP_SYS_ADMIN", remedy };
}

async function room(root: string): Promise<Probe> {
  let existing = path.resolve(root);
  while (!existsSync(existing) && existing !== "/") existing = path.dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  const detail = `${root}, ${(free / 2 ** 30).toFixed(1)} GiB free`;
  return free >= LITTLE_ROOM_BYTES
    ? { name: "data root", status: "passed", detail }
    : { name: "data root", status: "warning", detail, remedy: "Make room, or set CAISSON_HOME to a directory on a larger disk." };
}

/** Where the controller is not called like the limit. */
const CONTROLLERS: Readonly<Record<string, string>> = { swap: "memory", blkioWeight: "io", blkioRates: "io" };

export function cgroups({ cgroups: { version, unified }, limits }: HostFacts): readonly Probe[] {
  const place: Probe =
    unified === undefined
      ? {
          name: "cgroup",
          status: "warning",
          detail: `version ${version}; no v2 hierarchy that can be written to`,
          remedy: "Mount cgroup2 writable: without it device rules are not enforced, and processes are killed one by one.",
        }
      : { name: "cgroup", status: "passed", detail: `version ${version}, sessions below ${unified}` };
  const enforced = Object.entries(limits).map(
    ([name, works]): Probe =>
      works
        ? { name: `limit ${name}`, status: "passed", detail: "enforced" }
        : {
            name: `limit ${name}`,
            status: "warning",
            detail: "no controller that can be written to",
            remedy: `Delegate the ${CONTROLLERS[name] ?? name} controller to this process; containers that ask for the limit are refused until then.`,
          },
  );
  return [place, ...enforced];
}

function ipv6(): Probe {
  const has = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === "::1"));
  return has
    ? { name: "IPv6 loopback", status: "passed", detail: "::1" }
    : {
        name: "IPv6 loopback",
        status: "warning",
        detail: "no ::1",
        remedy: "Ports are published on 127.0.0.1 alone; enable IPv6 for both.",
      };
}
