/** What BuildKit is asked for: options as the attributes of its Dockerfile frontend (docs of moby/buildkit, "dockerfile.v0"). Pure. */
import type { BuildOptions } from "../../../engine.js";
import { UnsupportedError } from "../../../errors.js";
import { canonicalName, parseReference, withDefaultTag } from "../../../oci/reference.js";
import { mapEntries, writeMessage } from "./protobuf.js";

export interface Solve {
  /** Names this build. */
  readonly ref: string;
  /** Id of the session that serves files and secrets. */
  readonly session: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly entitlements: readonly string[];
}

/** Where contexts and the Dockerfile are, for the frontend. */
export interface Places {
  /** An address; undefined for the directory that the session serves. */
  readonly context: string | undefined;
  /** The session serves the Dockerfile, under this name; undefined where it is in the context. */
  readonly dockerfile: string | undefined;
  /** Further contexts: what they are to BuildKit. */
  readonly contexts: Readonly<Record<string, string>>;
}

/** @throws UNSUPPORTED for what BuildKit behind the API can't do */
export function frontendAttributes(options: BuildOptions, places: Places): Record<string, string> {
  refuseUnsupported(options);
  const { noCache, network = "host", sourceDateEpoch, platform, target, pull, extraHosts = [] } = options;
  const prefixed = (prefix: string, record: Readonly<Record<string, string>> = {}): [string, string][] =>
    Object.entries(record).map(([name, value]) => [prefix + name, value]);
  return Object.fromEntries([
    ["filename", places.dockerfile ?? options.dockerfile ?? "Dockerfile"],
    ...(places.context === undefined ? [] : [["context", places.context]]),
    ...(places.context !== undefined && places.dockerfile !== undefined ? [["dockerfilekey", "dockerfile"]] : []),
    ...(target === undefined || target === "" ? [] : [["target", target]]),
    ...(platform === undefined ? [] : [["platform", platform]]),
    ...(noCache === true ? [["no-cache", ""]] : Array.isArray(noCache) && noCache.length > 0 ? [["no-cache", noCache.join(",")]] : []),
    ["image-resolve-mode", pull ? "pull" : "default"],
    ...(network === "default" ? [] : [["force-network-mode", network]]),
    ...(extraHosts.length > 0
      ? [["add-hosts", extraHosts.map(({ host, address }) => `${host}=${addressOf(address, network)}`).join(",")]]
      : []),
    ...prefixed("label:", options.labels),
    ...prefixed("context:", places.contexts),
    ...prefixed("build-arg:", options.buildArgs),
    ...(sourceDateEpoch === undefined ? [] : [["build-arg:SOURCE_DATE_EPOCH", String(sourceDateEpoch)]]),
  ]);
}

/** @throws UNSUPPORTED */
function addressOf(address: string, network: string): string {
  if (address !== "host-gateway") return address;
  if (network === "host") return "127.0.0.1";
  throw new UnsupportedError(
    "remote",
    "host-gateway in a build",
    "BuildKit takes addresses alone, unless the build is on the host's network",
  );
}

function refuseUnsupported({ memoryBytes, hostCertificates }: BuildOptions): void {
  if (memoryBytes !== undefined) throw new UnsupportedError("remote", "memoryBytes of a build", "BuildKit limits no step's memory");
  if (hostCertificates)
    throw new UnsupportedError("remote", "hostCertificates", "steps run at the daemon, which knows nothing of this host's");
}

export function entitlementsOf({ allow = [], network = "host" }: BuildOptions): readonly string[] {
  return [...new Set([...allow, ...(network === "host" ? ["network.host"] : [])])];
}

/** moby.buildkit.v1.SolveRequest */
export function encodeSolve({ ref, session, attributes, tags, entitlements }: Solve): Buffer {
  const names = tags.map((tag) => canonicalName(withDefaultTag(parseReference(tag)))).join(",");
  return writeMessage([
    [1, ref],
    [3, "moby"],
    ...mapEntries(4, names === "" ? {} : { name: names }),
    [5, session],
    [6, "dockerfile.v0"],
    ...mapEntries(7, attributes),
    ...entitlements.map((each) => [9, each] as const),
  ]);
}
