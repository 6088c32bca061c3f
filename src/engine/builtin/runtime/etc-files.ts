/** Contents of the files that belong to a container and not to its image: /etc/hosts, /etc/hostname, /etc/resolv.conf. */

export interface EtcFilesOptions {
  readonly hostname: string;
  readonly domainname: string | undefined;
  /** The container's own addresses: none, or one for each network. */
  readonly addresses: readonly string[];
  /** An address may be `host-gateway`. */
  readonly extraHosts: readonly { readonly host: string; readonly address: string }[];
  /** Address by which the container finds the host, if any. */
  readonly hostGateway: string | undefined;
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[] | undefined;
  readonly dnsOptions: readonly string[] | undefined;
  readonly hostResolvConf: string;
  /** Address of the engine's own name server; undefined where it has none in the container's network. */
  readonly nameServer: string | undefined;
}

/** By name below /etc. */
export function etcFiles(options: EtcFilesOptions): Readonly<Record<"hosts" | "hostname" | "resolv.conf", string>> {
  return { hosts: hosts(options), hostname: `${options.hostname}\n`, "resolv.conf": resolvConf(options) };
}

/** Names by which containers find the host: ours, Docker Desktop's, Testcontainers'. */
const HOST_NAMES = ["host.caisson.internal", "host.docker.internal", "host.testcontainers.internal"];

function hosts({ hostname, domainname, addresses, extraHosts, hostGateway }: EtcFilesOptions): string {
  const hostNames = hostGateway === undefined ? [] : HOST_NAMES.filter((name) => extraHosts.every(({ host }) => host !== name));
  const names = domainname ? `${hostname}.${domainname} ${hostname}` : hostname;
  return [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "ff00::\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
    ...extraHosts.map(({ host, address }) => `${address === "host-gateway" ? hostGateway : address}\t${host}`),
    ...(hostNames.length > 0 ? [`${hostGateway}\t${hostNames.join(" ")}`] : []),
    ...(addresses.length > 0 ? addresses : ["127.0.0.1"]).map((address) => `${address}\t${names}`),
    "",
  ].join("\n");
}

/**
 * With a name server of ours, that one, which asks the others. Else the host's file: one that shares its network reaches all of its servers.
 * `ndots:0` as Docker has it: names of containers are whole as they are.
 */
function resolvConf({ dns, dnsSearch, dnsOptions, hostResolvConf, nameServer }: EtcFilesOptions): string {
  const lines = hostResolvConf.split("\n").filter((line) => line.trim() !== "");
  const valuesOf = (keyword: string): string[] =>
    lines.filter((line) => line.startsWith(`${keyword} `)).flatMap((line) => line.slice(keyword.length).trim().split(/\s+/));
  if (nameServer === undefined && dns.length === 0 && !dnsSearch && !dnsOptions) return hostResolvConf;
  const servers = nameServer === undefined ? (dns.length > 0 ? dns : valuesOf("nameserver")) : [nameServer];
  const search = dnsSearch ?? (lines.some((line) => line.startsWith("search ")) ? valuesOf("search") : valuesOf("domain"));
  const options = dnsOptions ?? valuesOf("options");
  const withNdots = nameServer === undefined || options.some((option) => option.startsWith("ndots:")) ? options : [...options, "ndots:0"];
  return [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(" ")}`] : []),
    ...(withNdots.length > 0 ? [`options ${withNdots.join(" ")}`] : []),
    "",
  ].join("\n");
}
