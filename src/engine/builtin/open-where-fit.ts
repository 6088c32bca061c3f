/** The engine, or why it can't run here: what can be told without starting anything, and what is tried where a sandbox shows. `diagnose` tries all. */
import { errorSummary } from "../errors.js";
import { BuiltinEngine, type BuiltinEngineOptions } from "./builtin-engine.js";
import { kernel, privileges } from "./doctor/probe-host.js";
import { restrictionOf } from "./doctor/restriction.js";
import { readHostFacts } from "./runtime/read-host-facts.js";
import { locateSupervisor } from "./supervisor/supervisor-binary.js";

export interface Obstacle {
  readonly reason: string;
  readonly remedy?: string | undefined;
}

export interface Misfit {
  readonly obstacle: Obstacle;
  /** It can't start containers, but all else. */
  readonly engine?: BuiltinEngine;
}

export async function openWhereFit(options: BuiltinEngineOptions): Promise<BuiltinEngine | Misfit> {
  const host = readHostFacts();
  const environment = options.environment ?? process.env;
  const obstacle = await findObstacle(environment, host);
  if (obstacle) return { obstacle };
  const engine = await BuiltinEngine.open(options, host);
  const restriction = await restrictionOf(options.root, host, environment);
  return restriction ? { obstacle: restriction, engine } : engine;
}

export async function findObstacle(environment: NodeJS.ProcessEnv, host = readHostFacts()): Promise<Obstacle | undefined> {
  const failed = [kernel(host), privileges(host)].find(({ status }) => status === "failed");
  return failed ? { reason: `${failed.name}: ${failed.detail}`, remedy: failed.remedy } : missingSupervisor(environment);
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
