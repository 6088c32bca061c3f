/** Contents of the files that belong to a container and not to its image: /etc/hosts, /etc/hostname, /etc/resolv.conf. */

export interface EtcFilesOptions {
  readonly hostname: string;
  readonly domainname: string | undefined;
  /** The container's own address; undefined when it has none. */
  readonly address: string | undefined;
  readonly extraHosts: readonly { readonly host: string; readonly address: string }[];
  readonly dns: readonly string[];
  readonly hostResolvConf: string;
  readonly hostNetwork: boolean;
}

/** By name below /etc. */
export function etcFiles(options: EtcFilesOptions): Readonly<Record<"hosts" | "hostname" | "resolv.conf", string>> {
  return { hosts: hosts(options), hostname: `${options.hostname}\n`, "resolv.conf": resolvConf(options) };
}

function hosts({ hostname, domainname, address, extraHosts }: EtcFilesOptions): string {
  const names = domainname ? `${hostname}.${domainname} ${hostname}` : hostname;
  return [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "ff00::\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
    ...extraHosts.map((extra) => `${extra.address}\t${extra.host}`),
    `${address ?? "127.0.0.1"}\t${names}`,
    "",
  ].join("\n");
}

/** Servers on the host's loopback are of no use in a network namespace of one's own. */
function resolvConf({ dns, hostResolvConf, hostNetwork }: EtcFilesOptions): string {
  const lines = hostResolvConf.split("\n").filter((line) => line.trim() !== "");
  if (hostNetwork && dns.length === 0) return hostResolvConf;
  const kept = lines.filter((line) => (dns.length > 0 ? !line.startsWith("nameserver") : !/^nameserver\s+(127\.|::1)/.test(line)));
  return [...kept, ...dns.map((server) => `nameserver ${server}`), ""].join("\n");
}
