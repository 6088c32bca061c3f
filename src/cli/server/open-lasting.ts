/** The engine of containers that stay: a daemon that is named, else the server of the data root. */
import type { Engine } from "../../engine/engine.js";
import { isCaissonError } from "../../engine/errors.js";
import { choosesDaemon, dataRoot, openEngine } from "../../engine/open.js";
import { ensureServer } from "./ensure-server.js";

/** A server may go idle in the moment in which it is found. */
const ATTEMPTS = 3;

/** @throws ENGINE_UNAVAILABLE */
export async function openLasting(environment: NodeJS.ProcessEnv): Promise<Engine> {
  if (environment["DOCKER_HOST"] && environment["CAISSON_ENGINE"] !== "builtin")
    return openEngine({ engine: "remote", lasting: true, environment });
  // With the reasons of both where there is none either.
  if (await choosesDaemon(environment)) return openEngine({ lasting: true, environment });
  for (let attempt = 1; ; attempt++) {
    const host = await ensureServer({ root: dataRoot(environment), environment });
    try {
      return await openEngine({ host, lasting: true, environment });
    } catch (error) {
      if (attempt === ATTEMPTS || !isCaissonError(error, "ENGINE_UNAVAILABLE")) throw error;
    }
  }
}
