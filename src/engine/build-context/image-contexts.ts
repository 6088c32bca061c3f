/** Which further contexts of a build are images. Pure. */

export const IMAGE_CONTEXT = "docker-image://";
export const LAYOUT_CONTEXT = "oci-layout://";

/** Names of those that are. @param contexts by name, as BuildOptions has them */
export function imageContextNames(contexts: Readonly<Record<string, string>> = {}): ReadonlySet<string> {
  const images = Object.entries(contexts).filter(([, value]) => value.startsWith(IMAGE_CONTEXT) || value.startsWith(LAYOUT_CONTEXT));
  return new Set(images.map(([name]) => name));
}
