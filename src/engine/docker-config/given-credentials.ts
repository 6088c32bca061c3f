/** Credentials that a build was given, by registry. Pure. */
import type { BuildOptions, RegistryAuth } from "../engine.js";
import { parseReference } from "../oci/reference.js";

/** Undefined where there are none for the image's registry: docker's configuration may have some. @throws IMAGE_REFERENCE_INVALID */
export function givenCredentials(reference: string, { registryAuth = {} }: Pick<BuildOptions, "registryAuth">): RegistryAuth | undefined {
  const { domain } = parseReference(reference);
  return Object.hasOwn(registryAuth, domain) ? registryAuth[domain] : undefined;
}
