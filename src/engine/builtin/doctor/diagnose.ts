/** Every probe of the built-in engine: facts about the host first, then what the kernel allows, tried by a supervisor for real. */

import type { Probe } from "../../diagnosis.js";
import { errorSummary, isCaissonError } from "../../errors.js";
import { openSession } from "../containers/session.js";
import type { HostFacts } from "../runtime/host-facts.js";
import { readHostFacts } from "../runtime/read-host-facts.js";
import { locateSupervisor } from "../supervisor/supervisor-binary.js";
import { probeHost } from "./probe-host.js";
import { probeKernel } from "./probe-kernel.js";
import { KERNEL_PROBES } from "./trials.js";

export interface DiagnoseOptions {
  /** Data root. */
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Never throws; leaves nothing behind but the data root's directory. */
export async function diagnose({ root, environment }: DiagnoseOptions): Promise<readonly Probe[]> {
  const host = readHostFacts();
  const binary = await attempt(
    "supervisor",
    () => locateSupervisor(environment),
    (found) => found,
  );
  const about = await probeHost(host, root);
  if (binary.status === "failed")
    return [...about, binary, ...[USER_NAMESPACE, "session", ...KERNEL_PROBES].map((name) => skipped(name, "the supervisor is missing"))];
  try {
    const session = await openSession(root, host, environment);
    try {
      const opened: Probe = { name: "session", status: "passed", detail: session.directory };
      return [...about, binary, userNamespace(host), opened, ...(await probeKernel(session))];
    } finally {
      await session.supervisor.close();
    }
  } catch (error) {
    if (!isCaissonError(error, "USER_NAMESPACE_REFUSED"))
      return [...about, binary, failure("session", error), ...KERNEL_PROBES.map((name) => skipped(name, "no session could be opened"))];
    const refused = { ...failure(USER_NAMESPACE, error), errno: error.facts.errno };
    return [...about, binary, refused, ...["session", ...KERNEL_PROBES].map((name) => skipped(name, "there is no user namespace"))];
  }
}

const USER_NAMESPACE = "user namespace";

/** That the session is there shows it: its supervisor made one, and had ids mapped. */
function userNamespace({ userNamespace: namespace }: HostFacts): Probe {
  if (!namespace) return { name: USER_NAMESPACE, status: "skipped", detail: "not tried: root needs none" };
  const ids = namespace.uids.reduce((sum, [, , count]) => sum + count, 0);
  return { name: USER_NAMESPACE, status: "passed", detail: `made, with ${ids === 1 ? "a single id" : `${ids} ids`}` };
}

function skipped(name: string, reason: string): Probe {
  return { name, status: "skipped", detail: `not tried: ${reason}` };
}

async function attempt<T>(name: string, run: () => Promise<T>, describe: (result: T) => string): Promise<Probe> {
  try {
    return { name, status: "passed", detail: describe(await run()) };
  } catch (error) {
    return failure(name, error);
  }
}

function failure(name: string, error: unknown): Probe {
  return { name, status: "failed", ...errorSummary(error) };
}
