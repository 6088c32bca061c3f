/** Reads what confines this process, once something was refused to it. Spawns nothing. */
import { existsSync } from "node:fs";
import type { ConfinementFacts } from "./confinement.js";
import { textOf } from "./text-of.js";

export function readConfinement(environment: NodeJS.ProcessEnv = process.env): ConfinementFacts {
  const profile = textOf("/proc/self/attr/current").trim();
  const limit = textOf("/proc/sys/user/max_user_namespaces").trim();
  return {
    seccomp: hasSeccompFilter(),
    appArmorProfile: profile === "" || profile === "unconfined" ? undefined : profile.replace(/ \(.*/, ""),
    appArmorRestrictsUserNamespaces: textOf("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() === "1",
    userNamespacesAreRoots: textOf("/proc/sys/kernel/unprivileged_userns_clone").trim() === "0",
    maxUserNamespaces: limit === "" ? undefined : Number(limit),
    container: container(environment),
  };
}

/** Of this process: 2 is a filter (proc_pid_status(5)). */
export function hasSeccompFilter(): boolean {
  return /^Seccomp:\s*2$/m.test(textOf("/proc/self/status"));
}

/** By the marks that they leave. */
function container(environment: NodeJS.ProcessEnv): ConfinementFacts["container"] {
  if (environment["KUBERNETES_SERVICE_HOST"] !== undefined) return "Kubernetes";
  if (existsSync("/run/.containerenv")) return "Podman";
  return existsSync("/.dockerenv") ? "Docker" : undefined;
}
