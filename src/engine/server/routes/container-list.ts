/** `GET /containers/json`. */
import { containerRow } from "../../docker-api/container-row.js";
import { FilterParameter } from "../../docker-api/filter-parameter.js";
import type { ContainerFilters, ContainerListOptions, ContainerStatus } from "../../engine.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { ServerContext } from "../server-context.js";

const FILTERS = [
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "isolation",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
];
const STATUSES: readonly (ContainerStatus | "removing" | "dead")[] = [
  "created",
  "running",
  "paused",
  "restarting",
  "exited",
  "removing",
  "dead",
];

export async function listContainers(context: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), FILTERS);
  const limit = exchange.number("limit");
  const options = {
    all: exchange.flag("all"),
    size: exchange.flag("size"),
    filters: containerFilters(filters),
    ...(limit !== undefined && limit > 0 ? { limit } : {}),
  };
  const rows = await listRows(context, options, filters);
  exchange.send(200, rows);
}

/** Newest first. */
export async function listRows(
  { engine, served }: ServerContext,
  options: ContainerListOptions,
  filters = new FilterParameter(undefined, []),
): Promise<readonly object[]> {
  const volumes = filters.get("volume");
  const names = filters.get("name")?.map(nameTest);
  return (await engine.containers.list(options))
    .filter(({ name }) => !names || names.some((passes) => passes(name)))
    .filter(({ mounts }) => !volumes || mounts.some(({ name, target }) => volumes.includes(target) || volumes.includes(name ?? "")))
    .map((container) => containerRow(container, served.get(container.id)?.["HostConfig"]))
    .reverse();
}

/** Names are patterns, with or without the slash in front. */
function nameTest(pattern: string): (name: string) => boolean {
  // Long patterns, and those that may take for ever to match, are looked for as they are.
  if (pattern.length > 256 || /[*+{][^)]*\)[*+{]/.test(pattern)) return (name) => name.includes(pattern);
  try {
    const expression = new RegExp(pattern);
    return (name) => expression.test(name) || expression.test(`/${name}`);
  } catch {
    return (name) => name.includes(pattern);
  }
}

function containerFilters(filters: FilterParameter): ContainerFilters {
  const exited = filters.get("exited")?.map((text) => {
    if (!/^\d{1,3}$/.test(text)) throw new HttpFailure(400, `invalid filter 'exited=${text}'`);
    return Number(text);
  });
  return {
    id: filters.get("id"),
    label: filters.get("label"),
    status: filters.choice("status", STATUSES)?.filter((status): status is ContainerStatus => status !== "removing" && status !== "dead"),
    exited,
    health: filters.choice("health", ["starting", "healthy", "unhealthy", "none"]),
    ancestor: filters.get("ancestor"),
    before: filters.first("before"),
    since: filters.first("since"),
    publish: filters.get("publish"),
    expose: filters.get("expose"),
    network: filters.get("network"),
  };
}
