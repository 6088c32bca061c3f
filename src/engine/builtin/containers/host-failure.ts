/** Why a container can't be started, where it may be this host: what every container needs is tried, as nothing else tells it from a bad option. */
import type { CaissonError } from "../../errors.js";
import { decisiveProbe } from "../doctor/probe-kernel.js";
import type { Operation } from "../supervisor/codec.js";
import { SupervisorFailure } from "../supervisor/supervisor-failure.js";
import { startFailure } from "./plan-failure.js";
import type { Session } from "./session.js";

/** How a kernel, a sandbox or a file system says that it does not do such things. */
const REFUSALS: readonly string[] = ["EPERM", "EACCES", "ENOSYS", "EINVAL", "ENODEV", "ENOTSUP", "EUSERS"];

/** START_FAILED, or DISK_FULL. */
export async function hostFailure(
  session: Session,
  containerId: string,
  error: SupervisorFailure,
  operation?: Operation,
): Promise<CaissonError> {
  // Of a namespace it says that there are too many (clone(2)); of a step, that the disk is full.
  const noMore = error.code === "ENOSPC" && operation === undefined;
  return startFailure(containerId, error, operation, noMore || REFUSALS.includes(error.code) ? await decisiveProbe(session) : undefined);
}

/** For what a start needs to know first. */
export async function tellHost<T>(session: Session, containerId: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof SupervisorFailure ? await hostFailure(session, containerId, error) : error;
  }
}
