/** The names that containers have for the daemon's host, which daemons give none by themselves. Pure. */
import type { NetworkJson } from "../docker-api/network-json.js";
import type { ContainerSpec } from "../engine.js";
import type { DockerClient } from "./docker-client.js";

const HOST_NAMES = ["host.caisson.internal", "host.docker.internal", "host.testcontainers.internal"];

const GATEWAY = "host-gateway";

/** Docker 20.10. */
const GATEWAY_API = "1.41";

type ExtraHosts = NonNullable<ContainerSpec["extraHosts"]>;

/** What stands for the host on a container's networks. @param networks none where the daemon has no default one: it knows no gateway then */
export function hostGateway(client: Pick<DockerClient, "speaks" | "podman">, networks: readonly NetworkJson[]): string | undefined {
  const outward = networks.filter(({ Internal }) => !Internal);
  if (outward.length === 0) return undefined;
  // Podman (4.3) puts the word itself into /etc/hosts.
  if (client.podman) return outward.flatMap(({ IPAM }) => IPAM?.Config?.[0]?.Gateway ?? [])[0];
  return client.speaks(GATEWAY_API) ? GATEWAY : undefined;
}

/** What the spec asks for comes first: that is what a name stands for. @param gateway see {@link hostGateway} */
export function withHostNames({ extraHosts = [], networkMode = "default" }: ContainerSpec, gateway: string | undefined): ExtraHosts {
  const named = extraHosts.map(({ host, address }) => ({ host, address: address === GATEWAY ? (gateway ?? GATEWAY) : address }));
  const address = networkMode === "host" ? "127.0.0.1" : networkMode === "default" ? gateway : undefined;
  if (address === undefined) return named;
  const taken = new Set(named.map(({ host }) => host));
  return [...named, ...HOST_NAMES.filter((host) => !taken.has(host)).map((host) => ({ host, address }))];
}
