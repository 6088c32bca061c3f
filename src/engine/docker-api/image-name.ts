/** Names of images in parameters, where repository and tag come apart. Pure. */

/** `busybox` and `1.36`, or `sha256:...`, as one reference. */
export function joinReference(repository: string, tag: string | undefined): string {
  if (tag === undefined || tag === "") return repository;
  return tag.includes(":") ? `${repository}@${tag}` : `${repository}:${tag}`;
}

/** The name without tag and digest, and what follows it. */
export function splitReference(reference: string): { readonly repository: string; readonly tag: string | undefined } {
  const [name = "", digest] = reference.split("@");
  if (digest !== undefined) return { repository: name, tag: digest };
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1);
  return colon < 0 ? { repository: name, tag: undefined } : { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}
