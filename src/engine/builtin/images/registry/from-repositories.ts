/** Asks the repositories that may have a reference one after the other: mirrors first, the registry itself last. */
import type { RegistryAuth } from "../../../engine.js";
import { CaissonError } from "../../../errors.js";
import { familiarName, type ImageReference } from "../../../oci/reference.js";
import type { Registries } from "./registries.js";
import type { Repository } from "./repository.js";

/** @throws IMAGE_NOT_FOUND, REGISTRY_*, and what `work` throws */
export async function fromRepositories<T>(
  registries: Registries,
  reference: ImageReference,
  auth: RegistryAuth | undefined,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const name = familiarName(reference);
  if (registries.offline) {
    throw new CaissonError("IMAGE_NOT_FOUND", `There is no image ${name} here, and CAISSON_OFFLINE forbids to ask ${reference.domain}`, {
      facts: { reference: name, registry: reference.domain },
      remedy: "Unset CAISSON_OFFLINE, or load the image from an archive.",
    });
  }
  const repositories = await registries.forPull(reference, auth);
  const failures: string[] = [];
  for (const [index, repository] of repositories.entries()) {
    try {
      return await work(repository);
    } catch (error) {
      const last = index === repositories.length - 1;
      if (!(error instanceof CaissonError) || !mirrorMayLack(error)) throw error;
      if (last) throw failures.length > 0 ? withMirrors(error, failures) : error;
      failures.push(`mirror ${repository.registry}: ${error.summary}`);
    }
  }
  throw new Error("a reference without repositories");
}

function mirrorMayLack(error: CaissonError): boolean {
  return error.code.startsWith("REGISTRY_") || error.code === "IMAGE_NOT_FOUND" || error.code === "DIGEST_MISMATCH";
}

function withMirrors(error: CaissonError, failures: readonly string[]): CaissonError {
  const { code, summary, facts, cause, evidence, remedy } = error;
  return new CaissonError(code, summary, { facts, cause, evidence: [...evidence, ...failures], remedy });
}
