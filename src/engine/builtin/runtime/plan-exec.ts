/** The plan of one more process in a running container: the same namespaces, limits and filters as its first. */
import type { ContainerSpec, ExecSpec } from "../../engine.js";
import { optionError } from "../../errors.js";
import type { Plan } from "../supervisor/codec.js";
import { capabilitySet } from "./capabilities.js";
import type { HostFacts } from "./host-facts.js";
import { CloneFlag, SIGKILL } from "./kernel-constants.js";
import { planCredentials } from "./plan-credentials.js";
import { mergeEnvironment, type ResolvedProcess, searchPath } from "./resolve-process.js";
import { planRlimits } from "./rlimits.js";
import { seccompFilter } from "./seccomp-compile.js";
import { resolveUser, type UserDatabase } from "./users.js";

export interface ExecPlanOptions {
  readonly spec: ExecSpec;
  readonly container: ContainerSpec;
  readonly process: ResolvedProcess;
  readonly users: UserDatabase;
  readonly host: HostFacts;
  /** Joins the container's v1 cgroups. */
  readonly join: Plan;
}

/** @throws OPTION_INVALID */
export function planExec({ spec, container, process, users, host, join }: ExecPlanOptions): { readonly plan: Plan } {
  if (spec.command.length === 0) throw optionError("command", spec.command, "a command with at least one word");
  const user = spec.user === undefined ? process.user : resolveUser(spec.user, users, container.groupAdd);
  const workingDir = spec.workingDir ?? process.workingDir;
  if (!workingDir.startsWith("/")) throw optionError("workingDir", workingDir, "an absolute path");
  const privileged = (spec.privileged ?? false) || (container.privileged ?? false);
  const capabilities = capabilitySet({ ...container, privileged }, host.capabilities);
  const singleId = host.userNamespace?.single !== undefined;
  const unconfined = privileged || container.seccomp === "unconfined";
  const seccomp = seccompFilter({ architecture: host.architecture, capabilities, unconfined, singleId });
  const inherited = spec.user === undefined ? process.env : process.env.filter((variable) => !variable.startsWith("HOME="));
  const env = mergeEnvironment(
    [...inherited, ...(spec.tty ? ["TERM=xterm"] : []), ...Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`)],
    user.home,
  );
  return {
    plan: [
      { op: "PDEATHSIG", signal: SIGKILL },
      ...join,
      ...planRlimits(container.ulimits ?? []),
      {
        op: "SETNS",
        flags:
          CloneFlag.NEWNS |
          (container.utsMode === "host" ? 0 : CloneFlag.NEWUTS) |
          CloneFlag.NEWCGROUP |
          (container.ipcMode === "host" ? 0 : CloneFlag.NEWIPC) |
          (container.networkMode === "host" ? 0 : CloneFlag.NEWNET),
      },
      ...(spec.tty ? [{ op: "ROOT" as const, path: "/" }, { op: "PTY" as const }] : [{ op: "SETSID" as const }]),
      { op: "UMASK", mode: 0o022 },
      { op: "KEYRING", optional: true },
      { op: "CHDIR", path: workingDir },
      ...planCredentials({ user, capabilities, noNewPrivileges: container.noNewPrivileges ?? false, seccomp, singleId }),
      { op: "EXEC", arg: spec.command, env, path: searchPath(env) },
    ],
  };
}
