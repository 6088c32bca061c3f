/** Whether this host keeps containers from starting, tried only where there is a sign of it: everywhere else opening an engine starts nothing. */
import { errorSummary, isCaissonError } from "../../errors.js";
import { openSession } from "../containers/session.js";
import type { ConfinementFacts } from "../runtime/confinement.js";
import type { HostFacts } from "../runtime/host-facts.js";
import { readConfinement } from "../runtime/read-confinement.js";
import { decisiveProbe } from "./probe-kernel.js";
import { runTrial } from "./run-trial.js";
import { ROOT_TRIAL } from "./trials.js";

export interface Restriction {
  readonly reason: string;
  readonly remedy: string | undefined;
}

/** By what it depends on: neither a filter nor a profile is ever taken off a process, and what its host's root sets is in the key. */
const known = new Map<string, Promise<Restriction | undefined>>();

/** @returns undefined also where something else is wrong, which a start will tell */
export async function restrictionOf(root: string, host: HostFacts, environment: NodeJS.ProcessEnv): Promise<Restriction | undefined> {
  const facts = readConfinement();
  if (!isSuspect(host, facts)) return undefined;
  const key = JSON.stringify([root, environment["CAISSON_SUPERVISOR"], facts]);
  const trial = known.get(key) ?? tryHost(root, host, environment);
  known.set(key, trial);
  return trial.catch(() => {
    known.delete(key);
    return undefined;
  });
}

async function tryHost(root: string, host: HostFacts, environment: NodeJS.ProcessEnv): Promise<Restriction | undefined> {
  try {
    const session = await openSession(root, host, environment);
    try {
      const probe = (await runTrial(session, ROOT_TRIAL)).status === "passed" ? undefined : await decisiveProbe(session);
      return probe && { reason: `${probe.name}: ${probe.detail}`, remedy: probe.remedy };
    } finally {
      // It keeps this process until nothing of it is left, and nobody who waits for an engine.
      void session.supervisor.close();
    }
  } catch (error) {
    if (!isCaissonError(error, "USER_NAMESPACE_REFUSED")) throw error;
    const { detail, remedy } = errorSummary(error);
    return { reason: `user namespace: ${detail}`, remedy };
  }
}

function isSuspect(host: HostFacts, facts: ConfinementFacts): boolean {
  if (facts.seccomp || facts.appArmorProfile !== undefined) return true;
  return (
    host.userNamespace !== undefined &&
    (facts.appArmorRestrictsUserNamespaces || facts.userNamespacesAreRoots || facts.maxUserNamespaces === 0)
  );
}
