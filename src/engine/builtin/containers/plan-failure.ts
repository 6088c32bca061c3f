/** A launch or exec that the supervisor could not carry out, in words: which step, what the kernel said, what to do. */
import type { Probe } from "../../diagnosis.js";
import { CaissonError, optionError } from "../../errors.js";
import { describeOperation } from "../runtime/describe-operation.js";
import { SLOT } from "../runtime/plan-mounts.js";
import type { Operation, Plan } from "../supervisor/codec.js";
import { Phase } from "../supervisor/protocol.js";
import { describeErrno, type SupervisorFailure } from "../supervisor/supervisor-failure.js";

/** The operation that failed, where a plan was at fault. */
export function failedOperation(failure: SupervisorFailure, prepare: Plan, plan: Plan): Operation | undefined {
  if (failure.operation === undefined) return undefined;
  return (failure.phase === Phase.PREPARE ? prepare : plan)[failure.operation];
}

/** COMMAND_NOT_FOUND and COMMAND_NOT_EXECUTABLE, when it was the command that failed. */
export function commandFailure(failure: SupervisorFailure, operation: Operation | undefined): CaissonError | undefined {
  if (operation?.op !== "EXEC") return undefined;
  const command = operation.arg?.[0] ?? "";
  if (failure.code === "ENOENT" || failure.code === "ENOTDIR") {
    const searched = command.includes("/") ? undefined : operation.path;
    return new CaissonError("COMMAND_NOT_FOUND", `${command}: command not found`, {
      facts: { command, exitCode: 127, path: searched },
      cause: failure,
      evidence: [
        searched === undefined
          ? "The file, or the interpreter that it names, is not in the container."
          : `PATH in the container: ${searched}`,
      ],
      remedy: "Check the spelling, and that the image holds the command.",
    });
  }
  return new CaissonError("COMMAND_NOT_EXECUTABLE", `${command}: can't be executed: ${describeErrno(failure.errno)}`, {
    facts: { command, exitCode: 126, errno: failure.code },
    cause: failure,
    remedy:
      failure.code === "EACCES"
        ? "Make the file executable (chmod +x), and check that the container's user may read its directories."
        : failure.code === "ENOEXEC"
          ? "The file has no format that the kernel runs: another architecture, or a script without a #! line."
          : undefined,
  });
}

/** PATH_NOT_FOUND and OPTION_INVALID, when it was the source of a mount that is not what the spec says. */
export function mountFailure(failure: SupervisorFailure, operation: Operation | undefined): CaissonError | undefined {
  if (operation === undefined || !SOURCES.includes(operation.op) || (operation.slot ?? SLOT) < SLOT) return undefined;
  const below = operation.op === "OPEN_TREE_BENEATH" || operation.op === "POPULATE" ? operation.data : undefined;
  // In-root paths have no slash in front.
  const path = typeof below === "string" ? below : `${operation.op === "OPEN_TREE_OF" ? "/" : ""}${operation.path ?? ""}`;
  if (failure.code === "ENOENT" || failure.code === "ENOTDIR") {
    const where = below === undefined ? "" : ` in ${operation.op === "POPULATE" ? operation.cwd : operation.path}`;
    return new CaissonError("PATH_NOT_FOUND", `The path to mount is not there: ${path}${where}`, { facts: { path }, cause: failure });
  }
  if (below !== undefined && (failure.code === "EXDEV" || failure.code === "ELOOP"))
    return optionError("mounts.subpath", path, "a path that stays in the volume: a link on it leads out");
  return undefined;
}

/** Operations that open sources of mounts. */
const SOURCES: readonly Operation["op"][] = ["OPEN_TREE", "OPEN_TREE_OF", "OPEN_TREE_BENEATH", "OPEN_TREE_IN_ROOT", "POPULATE"];

/**
 * Any other step.
 * @param probe what shows that this host is at fault, whatever the container asks for
 */
export function startFailure(
  containerId: string,
  failure: SupervisorFailure,
  operation: Operation | undefined,
  probe: Probe | undefined,
): CaissonError {
  const step = operation ? describeOperation(operation) : failure.doing;
  if (failure.code === "ENOSPC" && operation?.op !== "BPF_DEVICE" && probe === undefined) {
    return new CaissonError("DISK_FULL", `Container ${containerId.slice(0, 12)} could not be started: no space left`, {
      facts: { path: operation?.path ?? "" },
      cause: failure,
    });
  }
  return new CaissonError(
    "START_FAILED",
    `Container ${containerId.slice(0, 12)} could not be started: ${step}: ${describeErrno(failure.errno)}`,
    {
      facts: { containerId, step, errno: failure.code, probe: probe?.name },
      cause: failure,
      evidence: [...(operation ? [failure.doing] : []), ...(probe ? [`This host: ${probe.name}: ${probe.detail}`] : [])],
      remedy: probe?.remedy ?? remedyOf(failure, operation),
    },
  );
}

function remedyOf({ code }: SupervisorFailure, operation: Operation | undefined): string | undefined {
  // sysctl_core_net_init of net/core/sysctl_net_core.c, for one.
  if (code === "ENOENT" && operation?.op === "SYSCTL")
    return "This kernel lacks the parameter. Older ones have some, such as all of net.core, only in networks that root made.";
  return code === "EPERM" || code === "EACCES" ? "`caisson doctor` shows what this host allows." : undefined;
}
