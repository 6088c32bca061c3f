/** Whether this host keeps containers from starting, tried only where there is a sign of it: everywhere else opening an engine starts nothing. */
import { errorSummary, isCaissonError } from "../../errors.js";
import { openSession } from "../containers/session.js";
import type { HostFacts } from "../runtime/host-facts.js";
import { readConfinement } from "../runtime/read-confinement.js";
import { decisiveProbe } from "./probe-kernel.js";
import { runTrial } from "./run-trial.js";
import { ROOT_TRIAL } from "./trials.js";

export interface Restriction {
  readonly reason: string;
  readonly remedy: string | undefined;
}

/** @returns undefined also where something else is wrong, which a start will tell */
export async function restrictionOf(root: string, host: HostFacts, environment: NodeJS.ProcessEnv): Promise<Restriction | undefined> {
  if (!isSuspect(host)) return undefined;
  try {
    const session = await openSession(root, host, environment);
    try {
      const probe = (await runTrial(session, ROOT_TRIAL)).status === "passed" ? undefined : await decisiveProbe(session);
      return probe && { reason: `${probe.name}: ${probe.detail}`, remedy: probe.remedy };
    } finally {
      await session.supervisor.close();
    }
  } catch (error) {
    if (!isCaissonError(error, "USER_NAMESPACE_REFUSED")) return undefined;
    const { detail, remedy } = errorSummary(error);
    return { reason: `user namespace: ${detail}`, remedy };
  }
}

function isSuspect(host: HostFacts): boolean {
  const facts = readConfinement();
  if (facts.seccomp || facts.appArmorProfile !== undefined) return true;
  return (
    host.userNamespace !== undefined &&
    (facts.appArmorRestrictsUserNamespaces || facts.userNamespacesAreRoots || facts.maxUserNamespaces === 0)
  );
}
