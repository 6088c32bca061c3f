/**
 * What a session's containers must do without on this host, and have a substitute for: found out by trying, once, where there is any sign
 * that it may be so. Everywhere else nothing is tried.
 */

import { refusalOf, type TrialSession } from "../doctor/run-trial.js";
import { PROC_TRIAL } from "../doctor/trials.js";
import type { HostFacts } from "../runtime/host-facts.js";
import { hasSeccompFilter } from "../runtime/read-confinement.js";
import { textOf } from "../runtime/text-of.js";

export async function fitHost(session: TrialSession): Promise<HostFacts> {
  const { host } = session;
  const confined = hasSeccompFilter();
  const procRefused =
    host.userNamespace && (confined || procIsMasked(textOf("/proc/self/mountinfo"))) ? await refusalOf(session, PROC_TRIAL) : undefined;
  return { ...host, procRefused };
}

/** What whoever makes a container should know of the substitutes. */
export function substituteWarnings({ procRefused }: HostFacts): readonly string[] {
  return procRefused === undefined ? [] : [`Containers have no /proc of their own, and see this host's processes in it: ${procRefused}`];
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
