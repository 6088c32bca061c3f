/** What the kernel allows, tried: for a report, and to find out why a container could not be started. */
import type { Probe } from "../../diagnosis.js";
import { runTrial, type TrialSession } from "./run-trial.js";
import { TRIALS } from "./trials.js";

export async function probeKernel(session: TrialSession): Promise<readonly Probe[]> {
  const probes: Probe[] = [];
  for (const trial of TRIALS) probes.push(await runTrial(session, trial));
  return probes;
}

/** The first that fails of those that every container needs: why none can be started here. Undefined: this host is not at fault. */
export async function decisiveProbe(session: TrialSession): Promise<Probe | undefined> {
  for (const trial of TRIALS) {
    if (trial.optional) continue;
    const probe = await runTrial(session, trial);
    if (probe.status === "failed") return probe;
  }
  return undefined;
}
