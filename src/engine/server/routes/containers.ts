/** Routes about containers as things: made, started, stopped, looked at, removed. */
import { containerJson } from "../../docker-api/container-details.js";
import { resourcesOf, restartPolicyOf, specOfBody } from "../../docker-api/container-spec-of-body.js";
import { FilterParameter } from "../../docker-api/filter-parameter.js";
import { joinReference } from "../../docker-api/image-name.js";
import { parseTime } from "../../docker-api/times.js";
import type { ContainerSpec, StopOptions } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange } from "../exchange.js";
import { asHttpFailure, HttpFailure } from "../http-failure.js";
import type { Route } from "../router.js";
import type { CreateRequest } from "../served-containers.js";
import type { ServerContext } from "../server-context.js";
import { listContainers } from "./container-list.js";
import { top } from "./container-top.js";
import { wait } from "./container-wait.js";

export function containerRoutes(context: ServerContext): readonly Route[] {
  const { containers } = context.engine;
  /** What is done to a container, and answered by nothing. */
  const act =
    (work: (id: string, exchange: Exchange) => Promise<unknown>) =>
    async (exchange: Exchange): Promise<void> => {
      await work(exchange.parameter("id"), exchange);
      exchange.empty(204);
    };
  return [
    ["GET", "/containers/json", (exchange) => listContainers(context, exchange)],
    ["POST", "/containers/create", (exchange) => create(context, exchange)],
    ["POST", "/containers/prune", (exchange) => prune(context, exchange)],
    ["GET", "/containers/{id}/json", (exchange) => inspect(context, exchange)],
    ["POST", "/containers/{id}/start", (exchange) => start(context, exchange)],
    ["POST", "/containers/{id}/stop", (exchange) => stop(context, exchange)],
    ["POST", "/containers/{id}/restart", act(async (id, exchange) => containers.restart(id, stopOptions(exchange)))],
    ["POST", "/containers/{id}/kill", act((id, exchange) => kill(context, id, exchange.text("signal")))],
    ["POST", "/containers/{id}/pause", act((id) => pause(context, id))],
    ["POST", "/containers/{id}/unpause", act((id) => unpause(context, id))],
    ["POST", "/containers/{id}/rename", act((id, exchange) => rename(context, id, exchange.text("name")))],
    ["POST", "/containers/{id}/update", (exchange) => update(context, exchange)],
    ["POST", "/containers/{id}/wait", (exchange) => wait(context, exchange)],
    ["GET", "/containers/{id}/top", (exchange) => top(context, exchange)],
    ["GET", "/containers/{id}/changes", (exchange) => changes(context, exchange)],
    ["DELETE", "/containers/{id}", act((id, exchange) => remove(context, id, exchange))],
    ["POST", "/commit", (exchange) => commit(context, exchange)],
  ];
}

async function create(context: ServerContext, exchange: Exchange): Promise<void> {
  const { engine, served, binds } = context;
  const body = await exchange.json();
  const { spec, warnings } = specOfBody(body, { name: exchange.text("name"), platform: exchange.text("platform") });
  await binds.check(spec.mounts ?? []);
  const hostConfig = { ...(body.object("HostConfig").json as object | undefined), ...(await networkPeer(engine, spec)) };
  const request: CreateRequest = { ...(body.json as object), HostConfig: hostConfig };
  const made = await engine.containers.create(served.annotated(spec, request)).catch((error: unknown) => {
    throw createFailure(error);
  });
  served.add(made.id, request);
  exchange.send(201, { Id: made.id, Warnings: [...made.warnings, ...warnings] });
}

/** Of the container whose network is shared, docker keeps the id. @throws HttpFailure */
async function networkPeer({ containers }: ServerContext["engine"], { networkMode }: ContainerSpec): Promise<object> {
  if (!networkMode?.startsWith("container:")) return {};
  const peer = await containers.inspect(networkMode.slice("container:".length)).catch((error: unknown) => {
    throw createFailure(error);
  });
  return { NetworkMode: `container:${peer.id}` };
}

/** Clients take 404 for an image that is missing, and fetch it: whatever else is missing has another status. */
function createFailure(error: unknown): unknown {
  if (isCaissonError(error, "PATH_NOT_FOUND"))
    return new HttpFailure(400, `invalid mount config for type "bind": bind source path does not exist: ${error.facts.path}`);
  if (isCaissonError(error, "CONTAINER_NOT_FOUND") || isCaissonError(error, "NETWORK_NOT_FOUND"))
    return new HttpFailure(400, asHttpFailure(error).message);
  return error;
}

async function inspect({ engine, served, execs }: ServerContext, exchange: Exchange): Promise<void> {
  const container = await engine.containers.inspect(exchange.parameter("id"));
  const [image, sized] = await Promise.all([
    engine.images.inspect(container.imageId).catch(() => undefined), // it may have been removed
    exchange.flag("size") ? engine.containers.list({ all: true, size: true, filters: { id: [container.id] } }) : [],
  ]);
  const json = containerJson(sized[0] ? { ...container, size: sized[0].size } : container, {
    created: served.get(container.id),
    image: image?.config,
    execIds: execs.live(container.id),
  });
  exchange.send(200, json);
}

async function start({ engine, served }: ServerContext, exchange: Exchange): Promise<void> {
  const { containers } = engine;
  const { id, state, status } = await containers.inspect(exchange.parameter("id"));
  if (status === "paused") throw new HttpFailure(409, "cannot start a paused container, try unpause instead");
  if (state.running) return exchange.empty(304);
  try {
    await containers.start(id);
  } catch (error) {
    // Nobody is left to remove it: no exit will come.
    if (served.removesItself(id)) await containers.remove(id, { force: true }).catch(() => {});
    throw error;
  }
  exchange.empty(204);
}

function stopOptions(exchange: Exchange): StopOptions {
  const seconds = exchange.number("t");
  return {
    signal: exchange.text("signal"),
    ...(seconds === undefined ? {} : { timeoutMs: seconds < 0 ? 2 ** 31 - 1 : Math.min(seconds * 1000, 2 ** 31 - 1) }),
  };
}

async function stop({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const options = stopOptions(exchange);
  const { id, state } = await engine.containers.inspect(exchange.parameter("id"));
  if (!state.running) return exchange.empty(304);
  await engine.containers.stop(id, options);
  exchange.empty(204);
}

async function kill({ engine }: ServerContext, name: string, signal: string | undefined): Promise<void> {
  const { id } = await engine.containers.inspect(name).catch((error: unknown) => {
    throw isCaissonError(error, "CONTAINER_NOT_FOUND")
      ? new HttpFailure(404, `cannot kill container: ${name}: No such container: ${name}`)
      : error;
  });
  try {
    await engine.containers.kill(id, signal === undefined || !/^\d+$/.test(signal) ? signal : Number(signal));
  } catch (error) {
    if (isCaissonError(error, "CONTAINER_NOT_RUNNING"))
      throw new HttpFailure(409, `cannot kill container: ${name}: container ${id} is not running`);
    if (isCaissonError(error, "OPTION_INVALID")) throw new HttpFailure(400, `cannot kill container: ${name}: invalid signal: ${signal}`);
    throw error;
  }
}

async function pause({ engine }: ServerContext, name: string): Promise<void> {
  const { id } = await engine.containers.inspect(name);
  await engine.containers.pause(id).catch((error: unknown) => {
    throw isCaissonError(error, "CONTAINER_PAUSED") ? new HttpFailure(409, `Container ${id} is already paused`) : error;
  });
}

async function unpause({ engine }: ServerContext, name: string): Promise<void> {
  const { id } = await engine.containers.inspect(name);
  await engine.containers.unpause(id).catch((error: unknown) => {
    throw isCaissonError(error, "CONTAINER_NOT_PAUSED") ? new HttpFailure(500, `Container ${id} is not paused`) : error;
  });
}

async function rename({ engine }: ServerContext, name: string, wanted: string | undefined): Promise<void> {
  const newName = wanted?.replace(/^\//, "");
  const { id, name: oldName } = await engine.containers.inspect(name);
  if (newName === undefined || newName === "") throw new HttpFailure(400, "Neither old nor new names may be empty");
  if (newName === oldName) throw new HttpFailure(400, "Renaming a container with the same name as its current name");
  await engine.containers.rename(id, newName).catch((error: unknown) => {
    if (!isCaissonError(error, "CONTAINER_NAME_TAKEN")) throw error;
    throw new HttpFailure(409, `Error when allocating new name: ${asHttpFailure(error).message}`);
  });
}

async function update({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const body = await exchange.json();
  const restartPolicy = restartPolicyOf(body.object("RestartPolicy"));
  await engine.containers.update(exchange.parameter("id"), {
    resources: resourcesOf(body),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  });
  exchange.send(200, { Warnings: [] });
}

async function remove({ engine }: ServerContext, name: string, exchange: Exchange): Promise<void> {
  if (exchange.flag("link")) throw new HttpFailure(400, "links between containers are not served");
  const { id, status } = await engine.containers.inspect(name);
  try {
    await engine.containers.remove(id, { force: exchange.flag("force"), volumes: exchange.flag("v") });
  } catch (error) {
    if (!isCaissonError(error, "CONTAINER_RUNNING")) throw error;
    const advice =
      status === "paused"
        ? "unpause and then stop the container before removing or force remove"
        : "stop the container before removing or force remove";
    throw new HttpFailure(409, `cannot remove container "/${name}": container is ${status}: ${advice}`);
  }
}

async function changes({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const kinds = { changed: 0, added: 1, deleted: 2 } as const;
  const found = await engine.containers.changes(exchange.parameter("id"));
  exchange.send(200, found.length > 0 ? found.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] })) : null);
}

async function prune({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), ["label", "label!", "until"]);
  const { containers, bytes } = await engine.containers.prune({ filters: pruneFilters(filters) });
  exchange.send(200, { ContainersDeleted: containers.length > 0 ? containers : null, SpaceReclaimed: bytes });
}

export function pruneFilters(filters: FilterParameter) {
  return { label: filters.get("label"), "label!": filters.get("label!"), until: parseTime("until", filters.first("until")) };
}

async function commit({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const container = exchange.text("container");
  if (container === undefined) throw new HttpFailure(400, "container is missing");
  const repository = exchange.text("repo");
  // Docker pauses the container for the time of it unless told otherwise; here its layer is read as it is.
  const image = await engine.containers.commit(container, {
    reference: repository === undefined ? undefined : joinReference(repository, exchange.text("tag")),
    comment: exchange.text("comment"),
    author: exchange.text("author"),
    changes: exchange.query.getAll("changes").flatMap((lines) => lines.split("\n").filter((line) => line.trim() !== "")),
    signal: exchange.signal,
  });
  exchange.send(201, { Id: image.id });
}
