/** Kernel parameters of a container, as its spec has them and as Docker sets them by default. */
import type { Plan } from "../supervisor/codec.js";

/** Docker's: any user may bind low ports and ping. */
const NETWORK_DEFAULTS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
};

/** @param wanted of the container's own namespaces alone, as `validateSysctls` has seen */
export function planSysctls(wanted: Readonly<Record<string, string>>, own: { readonly network: boolean }): Plan {
  const defaults: Plan = own.network
    ? Object.entries(NETWORK_DEFAULTS)
        .filter(([name]) => wanted[name] === undefined)
        .map(([name, data]) => ({ op: "SYSCTL", path: pathOf(name), data, optional: true }))
    : [];
  const explicit: Plan = Object.entries(wanted).map(([name, data]) => ({ op: "SYSCTL", path: pathOf(name), data }));
  return [...defaults, ...explicit];
}

function pathOf(name: string): string {
  return name.replaceAll(".", "/");
}
