/**
 * What a session's containers must do without on this host, and have a substitute for: found out by trying, once, where there is any sign
 * that it may be so. Everywhere else nothing is tried.
 */

import { statfsSync } from "node:fs";
import { refusalOf, type TrialSession } from "../doctor/run-trial.js";
import { OVERLAY_TRIAL, PROC_TRIAL } from "../doctor/trials.js";
import { type HostFacts, inUserNamespace, kernelAtLeast } from "../runtime/host-facts.js";
import { hasSeccompFilter } from "../runtime/read-confinement.js";
import { textOf } from "../runtime/text-of.js";

export async function fitHost(session: TrialSession): Promise<HostFacts> {
  const { host, directory } = session;
  const confined = hasSeccompFilter();
  // Of the same user namespace as a container, processes outside could be reached into by way of their /proc/PID/root (ptrace(2)).
  const proc = host.userNamespace !== undefined && (confined || procIsMasked(textOf("/proc/self/mountinfo")));
  const overlay = confined || !takesOverlays(host, directory);
  return {
    ...host,
    overlayRefused: overlay ? await refusalOf(session, OVERLAY_TRIAL) : undefined,
    procRefused: proc ? await refusalOf(session, PROC_TRIAL) : undefined,
  };
}

/** File systems that an overlay's upper directory is known to work on, by their magic numbers (statfs(2)): ext4, xfs, btrfs, tmpfs. */
const UPPER: readonly number[] = [0xef53, 0x58465342, 0x9123683e, 0x01021994];

function takesOverlays(host: HostFacts, directory: string): boolean {
  const { type } = statfsSync(directory);
  // In user namespaces since Linux 5.11.
  return UPPER.includes(type) && /\toverlay$/m.test(textOf("/proc/filesystems")) && (!inUserNamespace(host) || kernelAtLeast(host, 5, 11));
}

/** What whoever makes a container should know of the substitutes. */
export function substituteWarnings({ overlayRefused, procRefused }: HostFacts): readonly string[] {
  return [
    ...(overlayRefused === undefined
      ? []
      : [`The image's layers are copied for each container, since no overlay can be mounted: ${overlayRefused}`]),
    ...(procRefused === undefined ? [] : [`Containers have no /proc of their own, and see this host's processes in it: ${procRefused}`]),
  ];
}

/** An automount point of systemd's, on a directory that is always empty: the kernel does not mind (mnt_already_visible()). */
const HARMLESS = "/proc/sys/fs/binfmt_misc";

/** Whether something is mounted below /proc, or /proc is read-only: no user namespace then gets one that shows more. Pure. */
export function procIsMasked(mountinfo: string): boolean {
  return mountinfo.split("\n").some((line) => {
    const [, , , , target = "", options = ""] = line.split(" ");
    if (target === "/proc") return options.split(",").includes("ro");
    return target.startsWith("/proc/") && target !== HARMLESS;
  });
}
