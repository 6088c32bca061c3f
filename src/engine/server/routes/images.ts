/** Routes about images. */
import { FilterParameter } from "../../docker-api/filter-parameter.js";
import { historyJson, imageJson, imageRow } from "../../docker-api/image-details.js";
import { joinReference, splitReference } from "../../docker-api/image-name.js";
import { progressLine } from "../../docker-api/progress-lines.js";
import { registryAuthOf } from "../../docker-api/registry-auth.js";
import type { ImageSummary } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import { hasLabels } from "../../filters.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import { inLines, isLayer } from "../progress.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";
import { pruneFilters } from "./containers.js";
import { imageArchiveRoutes } from "./image-archives.js";
import { registryRoutes } from "./registry.js";

export function imageRoutes(context: ServerContext): readonly Route[] {
  const { images } = context.engine;
  return [
    ["GET", "/images/json", (exchange) => list(context, exchange)],
    ["POST", "/images/prune", (exchange) => prune(context, exchange)],
    ...registryRoutes(context),
    ...imageArchiveRoutes(context),
    ["POST", "/images/{name*}/push", (exchange) => push(context, exchange)],
    ["POST", "/images/{name*}/tag", (exchange) => tag(context, exchange)],
    [
      "GET",
      "/images/{name*}/json",
      async (exchange) => exchange.send(200, imageJson(await images.inspect(exchange.parameter("name")), exchange.version)),
    ],
    [
      "GET",
      "/images/{name*}/history",
      async (exchange) => exchange.send(200, historyJson(await images.inspect(exchange.parameter("name")))),
    ],
    ["DELETE", "/images/{name*}", (exchange) => remove(context, exchange)],
  ];
}

const LIST_FILTERS = ["before", "dangling", "label", "reference", "since", "until"];

async function list({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), LIST_FILTERS);
  const { images } = engine;
  const dangling = filters.flag("dangling");
  const { until } = pruneFilters(filters);
  const references = filters.get("reference");
  const found = references
    ? unique((await Promise.all(references.map((reference) => images.list({ reference })))).flat())
    : await images.list();
  const bound = async (name: "before" | "since"): Promise<Date | undefined> => {
    const reference = filters.first(name);
    return reference === undefined ? undefined : (await images.inspect(reference)).created;
  };
  const [before, since] = await Promise.all([bound("before"), bound("since")]);
  const passing = found.filter(
    (image) =>
      (dangling === undefined || (image.references.length === 0) === dangling) &&
      hasLabels(image.labels, filters.get("label")) &&
      (until === undefined || image.created < until) &&
      (before === undefined || image.created < before) &&
      (since === undefined || image.created > since),
  );
  const counts = exchange.flag("shared-size") ? await containersByImage(engine) : undefined;
  const rows = passing.map((image) =>
    imageRow(shown(image, references), { version: exchange.version, containers: counts ? (counts.get(image.id) ?? 0) : -1 }),
  );
  exchange.send(200, rows);
}

async function containersByImage({ containers }: ServerContext["engine"]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { imageId } of await containers.list({ all: true })) counts.set(imageId, (counts.get(imageId) ?? 0) + 1);
  return counts;
}

function unique(images: readonly ImageSummary[]): ImageSummary[] {
  return [...new Map(images.map((image) => [image.id, image])).values()];
}

/** Of an image with several names, those that were asked for. */
function shown(image: ImageSummary, references: readonly string[] | undefined): ImageSummary {
  if (!references) return image;
  const wanted = image.references.filter((name) =>
    references.some((pattern) => {
      const expression = new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
      return expression.test(name) || expression.test(splitReference(name).repository);
    }),
  );
  return { ...image, references: wanted };
}

async function push({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const name = joinReference(exchange.parameter("name"), exchange.text("tag"));
  const auth = registryAuthOf(exchange.header("x-registry-auth"));
  const { repository, tag: tagName = "latest" } = splitReference(name);
  const lines = exchange.lines();
  await lines.write({ status: `The push refers to repository [${withHost(repository)}]` });
  await inLines(lines, async () => {
    await engine.images.inspect(name).catch((error: unknown) => {
      if (isCaissonError(error, "IMAGE_NOT_FOUND"))
        throw new HttpFailure(404, `An image does not exist locally with the tag: ${repository}`);
      throw error;
    });
    const { digest } = await engine.images.push(name, {
      ...(auth ? { auth } : {}),
      signal: exchange.signal,
      progress: (event) => void (isLayer(event) && lines.write(progressLine("push", event))),
    });
    await lines.write({ status: `${tagName}: digest: ${digest} size: 0` });
    await lines.write({ progressDetail: {}, aux: { Tag: tagName, Digest: digest, Size: 0 } });
  });
}

function withHost(repository: string): string {
  const [first = "", ...rest] = repository.split("/");
  if (rest.length > 0 && /[.:]|^localhost$/.test(first)) return repository;
  return `docker.io/${rest.length > 0 ? repository : `library/${repository}`}`;
}

async function tag({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const repository = exchange.text("repo");
  if (repository === undefined) throw new HttpFailure(400, "repo is missing");
  await engine.images.tag(exchange.parameter("name"), joinReference(repository, exchange.text("tag")));
  exchange.empty(201);
}

async function remove({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const name = exchange.parameter("name");
  const force = exchange.flag("force");
  const image = await engine.images.inspect(name);
  const byId = image.id.replace("sha256:", "").startsWith(name.replace("sha256:", "")) && /^(sha256:)?[0-9a-f]+$/.test(name);
  const short = image.id.slice(7, 19);
  if (byId && image.references.length > 1 && !force)
    throw new HttpFailure(409, `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`);
  try {
    const { untagged, deleted } = await engine.images.remove(name, { force });
    exchange.send(200, [...untagged.map((reference) => ({ Untagged: reference })), ...deleted.map((id) => ({ Deleted: id }))]);
  } catch (error) {
    if (!isCaissonError(error, "IMAGE_IN_USE")) throw error;
    throw new HttpFailure(409, await inUse(engine, error.facts.containers, { name, short, byId }));
  }
}

async function inUse(
  { containers }: ServerContext["engine"],
  users: readonly string[],
  { name, short, byId }: { readonly name: string; readonly short: string; readonly byId: boolean },
): Promise<string> {
  const [first = ""] = users;
  const container = await containers.inspect(first).catch(() => undefined);
  const id = container?.id.slice(0, 12) ?? first;
  if (byId && container?.state.running)
    return `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container ${id}`;
  if (byId) return `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${id}`;
  return `conflict: unable to remove repository reference "${name}" (must force) - container ${id} is using its referenced image ${short}`;
}

async function prune({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), ["dangling", "label", "label!", "until"]);
  const { untagged, deleted, bytes } = await engine.images.prune({
    dangling: filters.flag("dangling") ?? true,
    filters: pruneFilters(filters),
  });
  const rows = [...untagged.map((reference) => ({ Untagged: reference })), ...deleted.map((id) => ({ Deleted: id }))];
  exchange.send(200, { ImagesDeleted: rows.length > 0 ? rows : null, SpaceReclaimed: bytes });
}
