/** Where the repositories of a registry's host are served: its own address, mirrors before it. Pure. */
import { optionError } from "../../../errors.js";
import { isLoopback } from "../../../oci/loopback.js";

export interface Endpoint {
  /** Without a trailing slash, e.g. `https://registry-1.docker.io`. */
  readonly url: string;
  /** Tried in this order: registries on the loopback address may speak either. */
  readonly schemes: readonly ("https" | "http")[];
  /** Certificates that nobody vouches for are accepted. */
  readonly insecure: boolean;
  /** A failure here is no failure yet: the next endpoint is tried. */
  readonly mirror: boolean;
}

const DOCKER_HUB = "docker.io";
const DOCKER_HUB_API = "registry-1.docker.io";
const DOCKER_HUB_INDEX = "index.docker.io";

/**
 * Environment: `CAISSON_REGISTRY_MIRRORS`, a list separated by commas of `URL` (a mirror of docker.io) or `HOST=URL`;
 * `CAISSON_INSECURE_REGISTRIES`, a list of hosts that may be spoken to in plain HTTP or with any certificate.
 *
 * @param domain a reference's, e.g. `docker.io` or `localhost:5000`
 * @throws OPTION_INVALID
 */
export function endpointsOf(domain: string, environment: NodeJS.ProcessEnv): readonly Endpoint[] {
  const mirrors = list(environment["CAISSON_REGISTRY_MIRRORS"]).map(parseMirror);
  const insecure = new Set(list(environment["CAISSON_INSECURE_REGISTRIES"]));
  const own = domain === DOCKER_HUB ? DOCKER_HUB_API : domain;
  return [
    ...mirrors.filter((mirror) => mirror.domain === domain).map((mirror) => fromUrl(mirror.url, insecure)),
    fromHost(own, insecure.has(domain)),
  ];
}

/** Where a registry is searched: Docker Hub has a host of its own for that, and mirrors know no answer. */
export function searchEndpointOf(domain: string, environment: NodeJS.ProcessEnv): Endpoint {
  return domain === DOCKER_HUB ? fromHost(DOCKER_HUB_INDEX, false) : endpointsOf(domain, environment).at(-1)!;
}

function fromHost(host: string, insecure: boolean): Endpoint {
  const lenient = insecure || isLoopback(host);
  return { url: `https://${host}`, schemes: lenient ? ["https", "http"] : ["https"], insecure: lenient, mirror: false };
}

function fromUrl(url: URL, insecure: ReadonlySet<string>): Endpoint {
  const scheme = url.protocol === "http:" ? "http" : "https";
  const lenient = insecure.has(url.host) || isLoopback(url.host);
  return { url: url.href.replace(/\/+$/, ""), schemes: [scheme], insecure: lenient, mirror: true };
}

function parseMirror(text: string): { domain: string; url: URL } {
  const [, domain = DOCKER_HUB, address = ""] = /^(?:([^=/]+)=)?(.*)$/.exec(text) ?? [];
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && (url.protocol === "https:" || url.protocol === "http:")) return { domain, url };
  throw optionError("CAISSON_REGISTRY_MIRRORS", text, "a list of URL or HOST=URL, for example https://mirror.gcr.io");
}

function list(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
