/** What the daemon asks registries without fetching anything. */
import { type DistributionJson, foundRepositoryOf, remoteImageOf, type SearchResultJson } from "../../docker-api/registry-json.js";
import type { FoundRepository, RegistryOptions, RemoteImage, SearchOptions } from "../../engine.js";
import { isCaissonError, UnsupportedError } from "../../errors.js";
import { parseReference } from "../../oci/reference.js";
import { parseSearchTerm } from "../../oci/search-term.js";
import type { DockerClient } from "../docker-client.js";
import { requestName } from "./image-name.js";
import { credentialsFor } from "./registry-auth.js";

interface QueryParts {
  readonly client: DockerClient;
  readonly environment: NodeJS.ProcessEnv;
}

/** @throws IMAGE_NOT_FOUND, REGISTRY_*, UNSUPPORTED, ABORTED */
export async function inspectRemote(parts: QueryParts, reference: string, options: RegistryOptions): Promise<RemoteImage> {
  const { domain } = parseReference(reference);
  const json = await ask<DistributionJson>(
    parts,
    "inspectRemote",
    { path: `/distribution/${requestName(reference)}/json`, reference, domain },
    options,
  );
  return remoteImageOf(json);
}

/** @throws REGISTRY_*, OPTION_INVALID, UNSUPPORTED, ABORTED */
export async function searchRegistry(
  parts: QueryParts,
  term: string,
  { limit, ...options }: SearchOptions,
): Promise<readonly FoundRepository[]> {
  const { domain } = parseSearchTerm(term);
  const query = { term, limit };
  const found = await ask<readonly SearchResultJson[]>(
    parts,
    "search",
    { path: "/images/search", reference: term, domain, query },
    options,
  );
  return found.map(foundRepositoryOf);
}

async function ask<T>(
  { client, environment }: QueryParts,
  feature: string,
  question: {
    readonly path: string;
    readonly reference: string;
    readonly domain: string;
    readonly query?: Readonly<Record<string, string | number | undefined>>;
  },
  { auth, signal }: RegistryOptions,
): Promise<T> {
  const { path, reference, domain, query = {} } = question;
  const credentials = await credentialsFor(domain, auth, environment);
  try {
    return await client.json<T>("GET", path, {
      doing: `Asking ${domain} for ${reference}`,
      registry: { registry: domain, reference, credentials: credentials.source },
      query,
      headers: { "x-registry-auth": credentials.header },
      signal,
    });
  } catch (error) {
    // Podman has no such route.
    if (!isCaissonError(error, "DAEMON_ERROR") || error.facts.status !== 404) throw error;
    throw new UnsupportedError("remote", feature, "this daemon does not pass such questions on to registries");
  }
}
