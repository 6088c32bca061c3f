/** Where the supervisor's binary is. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import { packageRoot } from "../../../package-root.js";
import { CaissonError } from "../../errors.js";

/**
 * `CAISSON_SUPERVISOR` when set (unusable then means an error, not a fallback), else `native/build/` of this package.
 *
 * @throws SUPERVISOR_UNAVAILABLE with every place that was looked at
 */
export async function locateSupervisor(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const chosen = environment["CAISSON_SUPERVISOR"];
  const candidates = chosen ? [chosen] : [path.join(packageRoot(), "native", "build", "caisson-supervisor")];
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {}
  }
  throw new CaissonError("SUPERVISOR_UNAVAILABLE", "The native supervisor is not there, or can't be executed", {
    facts: { looked: candidates },
    evidence: candidates.map((candidate) => `looked for ${candidate}`),
    remedy: chosen
      ? "Point CAISSON_SUPERVISOR to an executable caisson-supervisor, or unset it."
      : `Build it with a C compiler: make -C ${path.join(packageRoot(), "native")}`,
  });
}
