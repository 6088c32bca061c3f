/** Docker's `--security-opt` words, to the contract's terms. Pure. */
import type { ContainerSpec } from "./engine.js";
import { optionError } from "./errors.js";

const ALLOWED = [
  "no-new-privileges",
  "no-new-privileges=false",
  "seccomp=unconfined",
  "seccomp=default",
  "label=disable",
  "apparmor=unconfined",
];

/** @throws OPTION_INVALID */
export function parseSecurityOptions(options: readonly string[]): Partial<ContainerSpec> {
  const spec: { -readonly [K in "noNewPrivileges" | "seccomp"]?: ContainerSpec[K] } = {};
  for (const option of options) {
    const [name = "", value] = option.split(/[=:](.*)/s);
    if (name === "no-new-privileges") spec.noNewPrivileges = value !== "false";
    else if (name === "seccomp" && (value === "unconfined" || value === "default" || value === "builtin"))
      spec.seccomp = value === "unconfined" ? "unconfined" : "default";
    // Confinement by SELinux and AppArmor is never added here, so that there is nothing to take away.
    else if (!(name === "label" && value === "disable") && !(name === "apparmor" && value === "unconfined"))
      throw optionError("securityOpt", option, "a known security option", ALLOWED);
  }
  return spec;
}
