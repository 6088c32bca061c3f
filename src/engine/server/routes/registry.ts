/** Routes that ask registries, and fetch nothing. */
import { FilterParameter } from "../../docker-api/filter-parameter.js";
import { registryAuthOf } from "../../docker-api/registry-auth.js";
import { distributionJson, searchResultJson } from "../../docker-api/registry-json.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;

export function registryRoutes(context: ServerContext): readonly Route[] {
  return [
    ["GET", "/images/search", (exchange) => search(context, exchange)],
    ["GET", "/distribution/{name*}/json", (exchange) => distribution(context, exchange)],
  ];
}

async function distribution({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const auth = registryAuthOf(exchange.header("x-registry-auth"));
  const found = await engine.images.inspectRemote(exchange.parameter("name"), { auth, signal: exchange.signal });
  exchange.send(200, distributionJson(found));
}

async function search({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const term = exchange.text("term");
  if (term === undefined) throw new HttpFailure(400, "term is missing");
  const limit = exchange.number("limit") || DEFAULT_LIMIT;
  if (limit < 1 || limit > MAX_LIMIT) throw new HttpFailure(400, `limit ${limit} is outside the range of [1, ${MAX_LIMIT}]`);
  const filters = new FilterParameter(exchange.text("filters"), ["is-automated", "is-official", "stars"]);
  const official = filters.flag("is-official");
  const automated = filters.flag("is-automated");
  const stars = Math.max(0, ...(filters.get("stars") ?? []).map(starsOf));
  const auth = registryAuthOf(exchange.header("x-registry-auth"));
  const found = await engine.images.search(term, { limit, auth, signal: exchange.signal });
  exchange.send(
    200,
    found
      .filter((each) => (official === undefined || each.official === official) && each.stars >= stars && automated !== true)
      .map(searchResultJson),
  );
}

function starsOf(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new HttpFailure(400, `invalid filter 'stars=${text}': strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
