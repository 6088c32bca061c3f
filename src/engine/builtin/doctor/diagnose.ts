/** Every probe of the built-in engine: facts about the host first, then what the kernel allows, tried by a supervisor for real. */

import type { Probe } from "../../diagnosis.js";
import { errorSummary } from "../../errors.js";
import { openSession } from "../containers/session.js";
import { readHostFacts } from "../runtime/read-host-facts.js";
import { locateSupervisor } from "../supervisor/supervisor-binary.js";
import { probeHost } from "./probe-host.js";
import { KERNEL_PROBES, probeKernel } from "./probe-kernel.js";

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
  if (binary.status === "failed") return [...about, binary, ...skipped("the supervisor is missing")];
  try {
    const session = await openSession(root, host, environment);
    try {
      const opened: Probe = { name: "session", status: "passed", detail: session.directory };
      return [...about, binary, opened, ...(await probeKernel(session))];
    } finally {
      await session.supervisor.close();
    }
  } catch (error) {
    return [...about, binary, failure("session", error), ...skipped("no session could be opened")];
  }
}

function skipped(reason: string): readonly Probe[] {
  return KERNEL_PROBES.map((name) => ({ name, status: "skipped", detail: `not tried: ${reason}` }));
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
