/** CAISSON_OFFLINE: no registry is ever asked. */
export function isOffline(environment: NodeJS.ProcessEnv): boolean {
  return !["", "0", "false"].includes((environment["CAISSON_OFFLINE"] ?? "").toLowerCase());
}
