/** Hosts of registries, and of what is fetched, that are this machine. Pure. */

/** A host that nobody but this machine can answer for: any loopback name, as dockerd sees it. */
export function isLoopback(host: string): boolean {
  const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : host.replace(/:\d+$/, "");
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}
