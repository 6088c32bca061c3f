/** The engine, or why it can't run here: what can be told without starting anything. `diagnose` tries the rest. */
import { errorSummary } from "../errors.js";
import { BuiltinEngine, type BuiltinEngineOptions } from "./builtin-engine.js";
import { kernel, privileges } from "./doctor/probe-host.js";
import { readHostFacts } from "./runtime/read-host-facts.js";
import { locateSupervisor } from "./supervisor/supervisor-binary.js";

export interface Obstacle {
  readonly reason: string;
  readonly remedy?: string | undefined;
}

export async function openWhereFit(options: BuiltinEngineOptions): Promise<BuiltinEngine | { readonly obstacle: Obstacle }> {
  const host = readHostFacts();
  const missing = await missingSupervisor(options.environment ?? process.env);
  const failed = [kernel(host), privileges(host)].find(({ status }) => status === "failed");
  const obstacle = failed ? { reason: `${failed.name}: ${failed.detail}`, remedy: failed.remedy } : missing;
  return obstacle ? { obstacle } : BuiltinEngine.open(options, host);
}

async function missingSupervisor(environment: NodeJS.ProcessEnv): Promise<Obstacle | undefined> {
  try {
    await locateSupervisor(environment);
    return undefined;
  } catch (error) {
    const { detail, remedy } = errorSummary(error);
    return { reason: `supervisor: ${detail}`, remedy };
  }
}
