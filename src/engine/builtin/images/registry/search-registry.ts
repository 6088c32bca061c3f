/**
 * Looking for repositories: the search of Docker's first registry API (`GET /v1/search`), which Docker Hub still has, as dockerd uses it; of a
 * registry without it, its catalogue (distribution specification's forerunner, `GET /v2/_catalog`), as Podman does.
 */
import type { FoundRepository, SearchOptions } from "../../../engine.js";
import { CaissonError, optionError } from "../../../errors.js";
import { parseSearchTerm } from "../../../oci/search-term.js";
import type { Registries } from "./registries.js";
import type { Repository } from "./repository.js";

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;
const CATALOG_PAGE = 1000;
/** A registry that goes on for ever is not asked for ever. */
const MAX_PAGES = 100;

/** @throws REGISTRY_*, OPTION_INVALID, ABORTED */
export async function searchRegistry(
  registries: Registries,
  term: string,
  { auth, limit = DEFAULT_LIMIT, signal }: SearchOptions,
): Promise<readonly FoundRepository[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw optionError("limit", limit, "a whole number from 1 to 100");
  const { domain, word, hub } = parseSearchTerm(term);
  if (registries.offline) {
    throw new CaissonError("REGISTRY_UNREACHABLE", `${domain} can't be searched: CAISSON_OFFLINE forbids to ask it`, {
      facts: { registry: domain, attempts: 0 },
      remedy: "Unset CAISSON_OFFLINE.",
    });
  }
  const repository = await registries.forSearch(domain, term, auth);
  const found = (await byWord(repository, word, limit, signal)) ?? (await byCatalog(repository, word, limit, signal));
  return hub ? found : found.map((each) => ({ ...each, name: `${domain}/${each.name}` }));
}

/** Undefined where the registry has no such search. */
async function byWord(
  repository: Repository,
  word: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<FoundRepository[] | undefined> {
  const to = `/v1/search?${new URLSearchParams({ q: word, n: String(limit) })}`;
  const response = await repository.send({ method: "GET", to, what: "search", expect: [200, 404], signal });
  const text = await response.body.text();
  if (response.status === 404) return undefined;
  const { results } = parse(text, repository) as { readonly results?: unknown };
  return (Array.isArray(results) ? (results as Readonly<Record<string, unknown>>[]) : []).slice(0, limit).map((each) => ({
    name: String(each["name"] ?? ""),
    description: String(each["description"] ?? ""),
    stars: Number(each["star_count"] ?? 0),
    official: each["is_official"] === true,
  }));
}

async function byCatalog(repository: Repository, word: string, limit: number, signal: AbortSignal | undefined): Promise<FoundRepository[]> {
  const found: FoundRepository[] = [];
  let to: string | undefined = `/v2/_catalog?n=${CATALOG_PAGE}`;
  for (let page = 0; to !== undefined && page < MAX_PAGES; page++) {
    const response = await repository.send({ method: "GET", to, what: "catalogue", expect: [200, 404], signal });
    const text = await response.body.text();
    if (response.status === 404) throw unsearchable(repository, "it has neither a search nor a catalogue", 404);
    const { repositories } = parse(text, repository) as { readonly repositories?: unknown };
    for (const name of Array.isArray(repositories) ? repositories.map(String) : []) {
      if (!name.toLowerCase().includes(word.toLowerCase())) continue;
      found.push({ name, description: "", stars: 0, official: false });
      if (found.length === limit) return found;
    }
    to = /<([^>]+)>;\s*rel="?next"?/.exec(response.headers["link"] ?? "")?.[1];
  }
  return found;
}

function parse(text: string, repository: Repository): object {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null) return json;
  } catch {
    // Told below.
  }
  throw unsearchable(repository, "its answer is no JSON object", undefined);
}

function unsearchable({ registry }: Repository, reason: string, status: number | undefined): CaissonError<"REGISTRY_ERROR"> {
  return new CaissonError("REGISTRY_ERROR", `${registry} can't be searched: ${reason}`, { facts: { registry, status } });
}
