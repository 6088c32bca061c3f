/** The names that containers have for the daemon's host, which daemons give none by themselves. Pure. */
import type { ContainerSpec } from "../engine.js";

const HOST_NAMES = ["host.caisson.internal", "host.docker.internal", "host.testcontainers.internal"];

/** Knows `host-gateway`: Docker 20.10. */
const HOST_GATEWAY_API = "1.41";

type ExtraHosts = NonNullable<ContainerSpec["extraHosts"]>;

export interface Surroundings {
  /** Whether the daemon has API 1.41, or a later one. */
  readonly speaks: (api: string) => boolean;
  /** It is what `host-gateway` is the address of; without it, daemons start no container that asks for that. */
  readonly defaultNetwork: boolean;
  /** Whether some network of the container leads out. */
  readonly leadsOut: boolean;
}

/** What the spec asks for comes first: that is what a name stands for. */
export function withHostNames({ extraHosts = [], networkMode = "default" }: ContainerSpec, around: Surroundings): ExtraHosts {
  const address = addressOfHost(networkMode, around);
  if (address === undefined) return extraHosts;
  const taken = new Set(extraHosts.map(({ host }) => host));
  return [...extraHosts, ...HOST_NAMES.filter((host) => !taken.has(host)).map((host) => ({ host, address }))];
}

function addressOfHost(networkMode: string, { speaks, defaultNetwork, leadsOut }: Surroundings): string | undefined {
  if (networkMode === "host") return "127.0.0.1";
  return networkMode === "default" && leadsOut && defaultNetwork && speaks(HOST_GATEWAY_API) ? "host-gateway" : undefined;
}
