/** References as they go into requests. Pure. */
import { canonicalName, parseReference, repositoryName, withDefaultTag } from "../../oci/reference.js";

const ID = /^(?:sha256:)?[0-9a-f]{4,64}$/;

/** What may be an id, or how one begins. */
export function isImageId(reference: string): boolean {
  return ID.test(reference);
}

/**
 * Ids as they are, names in full: Podman looks up short ones elsewhere.
 * @throws IMAGE_REFERENCE_INVALID
 */
export function requestName(reference: string): string {
  return isImageId(reference) ? reference : canonicalName(withDefaultTag(parseReference(reference)));
}

/** Repository and tag, or digest, apart. @throws IMAGE_REFERENCE_INVALID */
export function repositoryAndTag(reference: string): { readonly repository: string; readonly tag: string; readonly domain: string } {
  const parsed = withDefaultTag(parseReference(reference));
  return { repository: repositoryName(parsed), tag: parsed.digest ?? parsed.tag ?? "latest", domain: parsed.domain };
}
