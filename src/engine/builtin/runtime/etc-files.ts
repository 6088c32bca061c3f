/** Contents of the files that belong to a container and not to its image: /etc/hosts, /etc/hostname, /etc/resolv.conf. */

export interface EtcFilesOptions {
  readonly hostname: string;
  readonly domainname: string | undefined;
  /** The container's own addresses: none, or one for each network. */
  readonly addresses: readonly string[];
  readonly extraHosts: readonly { readonly host: string; readonly address: string }[];
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

function hosts({ hostname, domainname, addresses, extraHosts }: EtcFilesOptions): string {
  const names = domainname ? `${hostname}.${domainname} ${hostname}` : hostname;
  return [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "ff00::\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
    ...extraHosts.map((extra) => `${extra.address}\t${extra.host}`),
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
