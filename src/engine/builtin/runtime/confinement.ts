/**
 * What confines this process besides its user's rights: what a refusal of the kernel means here, and who can lift it. A refusal is always
 * seen first, by trying; these facts only explain it. Pure; read-confinement.ts reads them.
 */

export interface ConfinementFacts {
  /** A seccomp filter is on this process. */
  readonly seccomp: boolean;
  /** The AppArmor profile of this process; undefined without one. */
  readonly appArmorProfile: string | undefined;
  /** `kernel.apparmor_restrict_unprivileged_userns`: user namespaces are made, but without any capability (Ubuntu 23.10 and later). */
  readonly appArmorRestrictsUserNamespaces: boolean;
  /** Debian's `kernel.unprivileged_userns_clone` is 0. */
  readonly userNamespacesAreRoots: boolean;
  /** `user.max_user_namespaces`; undefined where the kernel has no such file. */
  readonly maxUserNamespaces: number | undefined;
  readonly container: "Docker" | "Podman" | "Kubernetes" | undefined;
}

const SEVERAL_ROOTS = 15_000;

/** What lifts the refusal of a user namespace. @param code of the errno, undefined where nothing is known */
export function userNamespaceRemedy(code: string | undefined, facts: ConfinementFacts): string {
  if (code === "ENOSPC" && facts.maxUserNamespaces !== undefined && facts.maxUserNamespaces < SEVERAL_ROOTS)
    return `user.max_user_namespaces is ${facts.maxUserNamespaces}. As root: sysctl -w user.max_user_namespaces=${SEVERAL_ROOTS}`;
  if (code === "ENOSPC" || code === "EUSERS")
    return "There are too many user namespaces, or too many inside of each other (user_namespaces(7)).";
  if (code === "EINVAL" || code === "ENOSYS") return facts.seccomp ? seccompRemedy(facts) : "The kernel needs CONFIG_USER_NS.";
  if (facts.userNamespacesAreRoots) return "As root: sysctl -w kernel.unprivileged_userns_clone=1";
  return (
    confinementRemedy(facts, true) ??
    "A sandbox around this process, or a chroot, forbids it: run outside of it, or as root. Check user.max_user_namespaces, too."
  );
}

/** What lifts a refusal of anything else that root may do; undefined where nothing is known to confine this process. */
export function confinementRemedy(facts: ConfinementFacts, inUserNamespace: boolean): string | undefined {
  if (facts.seccomp) return seccompRemedy(facts);
  if (inUserNamespace && facts.appArmorRestrictsUserNamespaces) return APPARMOR_SYSCTL;
  const { appArmorProfile, container } = facts;
  if (appArmorProfile === undefined) return undefined;
  return container === undefined
    ? `The AppArmor profile ${appArmorProfile} is on this process: allow it there, or run outside of it.`
    : `The AppArmor profile ${appArmorProfile} is on this process: start ${aContainer(facts)} with ${appArmorOption(facts)}.`;
}

const APPARMOR_SYSCTL =
  "AppArmor takes all rights from user namespaces of users here. As root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, " +
  "or a profile for the supervisor with `userns,` (flags=(unconfined)).";

function seccompRemedy(facts: ConfinementFacts): string {
  if (facts.container === "Kubernetes")
    return "A seccomp filter is on this process: the container needs securityContext.seccompProfile.type: Unconfined (or a profile that allows it), and the capability SYS_ADMIN or hostUsers: false.";
  const option = "--security-opt seccomp=unconfined";
  const all = facts.appArmorProfile === undefined ? option : `${option} ${appArmorOption(facts)}`;
  return facts.container === undefined
    ? `A seccomp filter is on this process: run outside of the sandbox that set it. In a container: ${all}, or --privileged.`
    : `A seccomp filter is on this process: start ${aContainer(facts)} with ${all}, or with --privileged.`;
}

/** What unmasks the /proc that a container sees, whose masks keep the kernel from mounting another one (mount_too_revealing()). */
export function procRemedy(facts: ConfinementFacts): string {
  switch (facts.container) {
    case "Docker":
      return "Start the container that this runs in with --security-opt systempaths=unconfined.";
    case "Podman":
      return "Start the container that this runs in with --security-opt unmask=ALL.";
    case "Kubernetes":
      return "The container needs securityContext.procMount: Unmasked (with hostUsers: false).";
    default:
      return "What is mounted below /proc hides parts of it. In a container: --security-opt systempaths=unconfined (Docker), unmask=ALL (Podman).";
  }
}

const aContainer = ({ container }: ConfinementFacts): string => `the ${container} container that this runs in`;

function appArmorOption({ container }: ConfinementFacts): string {
  return container === "Kubernetes" ? "securityContext.appArmorProfile.type: Unconfined" : "--security-opt apparmor=unconfined";
}
