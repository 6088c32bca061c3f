/** Options as the parameters of `POST /build` (Engine API, "ImageBuild"). Pure. */
import type { BuildOptions } from "../../../engine.js";
import { UnsupportedError } from "../../../errors.js";
import { canonicalName, parseReference, withDefaultTag } from "../../../oci/reference.js";

export type BuildQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** What only BuildKit can do, and what it is called. */
const BEYOND = { secrets: "secrets", ssh: "ssh", contexts: "contexts", allow: "allow" } as const;

/** @param dockerfile its path in the context. @throws UNSUPPORTED for what this builder can't do */
export function buildQuery(options: BuildOptions, dockerfile: string, address: string | undefined): BuildQuery {
  refuseUnsupported(options);
  const {
    tags = [],
    buildArgs,
    labels,
    target,
    noCache,
    pull,
    platform,
    memoryBytes,
    extraHosts = [],
    network = "host",
    sourceDateEpoch,
  } = options;
  const args = { ...buildArgs, ...(sourceDateEpoch === undefined ? {} : { SOURCE_DATE_EPOCH: String(sourceDateEpoch) }) };
  return {
    dockerfile,
    remote: address,
    t: tags.map((tag) => canonicalName(withDefaultTag(parseReference(tag)))),
    buildargs: JSON.stringify(args),
    labels: JSON.stringify(labels ?? {}),
    target: target || undefined,
    nocache: noCache === true || undefined,
    pull: pull || undefined,
    platform,
    memory: memoryBytes,
    networkmode: network,
    extrahosts: extraHosts.length > 0 ? extraHosts.map(({ host, address: ip }) => `${host}:${ip}`) : undefined,
    rm: true,
    forcerm: true,
  };
}

function refuseUnsupported(options: BuildOptions): void {
  const refuse = (feature: string, reason: string): never => {
    throw new UnsupportedError("remote", `${feature} of a build`, reason, "Use a daemon that has BuildKit: Docker 18.09 or later.");
  };
  for (const [option, feature] of Object.entries(BEYOND)) {
    const value = Reflect.get(options, option) as object | undefined;
    if (value !== undefined && Object.keys(value).length > 0) refuse(feature, "this daemon's builder has no session that could serve them");
  }
  if (Array.isArray(options.noCache) && options.noCache.length > 0)
    refuse("noCache by stage", "this daemon's builder knows all stages or none");
  if (options.hostCertificates) refuse("hostCertificates", "steps run at the daemon, which knows nothing of this host's");
}
