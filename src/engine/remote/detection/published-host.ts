/** Under which name the ports that a daemon publishes are reached from here. Pure. */
import type { DockerHost } from "../docker-host.js";

export interface PublishedHostFacts {
  readonly host: DockerHost;
  /** What ssh makes of the host's name: it may be an alias of its configuration. */
  readonly sshHostname?: string | undefined;
  /** What the daemon calls its machine. */
  readonly daemonName?: string | undefined;
  /** This process's. */
  readonly hostname: string;
  /** Set inside a container: where its default route leads, the machine that the container runs on. */
  readonly gateway?: string | undefined;
}

export function publishedHost({ host, sshHostname, daemonName, hostname, gateway }: PublishedHostFacts): string {
  if (host.kind === "ssh") return sshHostname ?? host.host;
  if (host.kind === "tcp") return /^(0\.0\.0\.0|::)$/.test(host.host) ? "localhost" : host.host;
  // A container has a host name of its own; where the daemon's is the same, it runs right here, or shares our network as in a pod.
  return gateway === undefined || daemonName === hostname ? "localhost" : gateway;
}

/** @param routes /proc/net/route: addresses are hexadecimal, in the byte order of the machine, which is little-endian wherever Node runs but on s390x */
export function defaultGateway(routes: string): string | undefined {
  for (const line of routes.split("\n").slice(1)) {
    const [, destination, gateway, , , , , mask] = line.trim().split(/\s+/);
    if (destination === "00000000" && mask === "00000000" && gateway && gateway !== "00000000")
      return Buffer.from(gateway, "hex").reverse().join(".");
  }
  return undefined;
}
