/** Routes about networks, the three that every daemon has included. */
import { endpointOfBody } from "../../docker-api/container-spec-of-body.js";
import { FilterParameter } from "../../docker-api/filter-parameter.js";
import {
  networkJson,
  networkSpecOfBody,
  PREDEFINED,
  type PredefinedNetwork,
  predefinedJson,
  predefinedNetwork,
} from "../../docker-api/network-details.js";
import type { NetworkInspect } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import { hasLabel, hasLabels } from "../../filters.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";
import { pruneFilters } from "./containers.js";

const LIST_FILTERS = ["dangling", "driver", "id", "label", "name", "scope", "type"];
/** Nobody made them. */
const MADE = new Date(0);

export function networkRoutes(context: ServerContext): readonly Route[] {
  return [
    ["GET", "/networks", (exchange) => list(context, exchange)],
    ["POST", "/networks/create", (exchange) => create(context, exchange)],
    ["POST", "/networks/prune", (exchange) => prune(context, exchange)],
    ["GET", "/networks/{id}", (exchange) => inspect(context, exchange)],
    ["DELETE", "/networks/{id}", (exchange) => remove(context, exchange)],
    ["POST", "/networks/{id}/connect", (exchange) => connect(context, exchange)],
    ["POST", "/networks/{id}/disconnect", (exchange) => disconnect(context, exchange)],
  ];
}

async function running({ engine }: ServerContext): Promise<ReadonlySet<string>> {
  return new Set((await engine.containers.list()).map(({ id }) => id));
}

async function list(context: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), LIST_FILTERS);
  const dangling = filters.flag("dangling");
  const any = (name: string, matches: (value: string) => boolean): boolean => filters.get(name)?.some(matches) ?? true;
  const passes = (network: Pick<NetworkInspect, "id" | "name" | "labels" | "driver" | "containers">, type: string): boolean =>
    any("id", (value) => network.id.startsWith(value)) &&
    any("name", (value) => network.name.includes(value)) &&
    any("driver", (value) => network.driver === value) &&
    any("scope", (value) => value === "local") &&
    any("type", (value) => value === type) &&
    hasLabels(network.labels, filters.get("label")) &&
    (dangling === undefined || (type === "custom" && (network.containers.length === 0) === dangling));
  const predefined = (Object.keys(PREDEFINED) as PredefinedNetwork[]).filter((name) =>
    passes({ name, ...PREDEFINED[name], labels: {}, containers: [] }, "builtin"),
  );
  const [networks, ids] = await Promise.all([context.engine.networks.list(), running(context)]);
  const made = networks.filter((network) => passes(network, "custom"));
  // Lists leave the containers out.
  const rows = [...predefined.map((name) => predefinedJson(name, MADE)), ...made.map((network) => networkJson(network, { running: ids }))];
  exchange.send(
    200,
    rows.map((row) => ({ ...row, Containers: {} })),
  );
}

async function create({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const body = await exchange.json();
  const spec = networkSpecOfBody(body);
  if (predefinedNetwork(spec.name ?? "") !== undefined)
    throw new HttpFailure(403, `operation is not permitted on predefined ${spec.name} network`);
  const { id } = await engine.networks.create(spec);
  exchange.send(201, { Id: id, Warning: "" });
}

async function inspect(context: ServerContext, exchange: Exchange): Promise<void> {
  const name = exchange.parameter("id");
  const found = await context.engine.networks.inspect(name).catch((error: unknown) => {
    if (isCaissonError(error, "NETWORK_NOT_FOUND") && predefinedNetwork(name) !== undefined) return undefined;
    throw error;
  });
  if (found) return exchange.send(200, networkJson(found, { running: await running(context) }));
  const predefined = predefinedNetwork(name)!;
  exchange.send(200, { ...predefinedJson(predefined, MADE), Containers: await membersOf(context, predefined) });
}

/** Containers that run on one of the predefined networks. */
async function membersOf({ engine, served }: ServerContext, network: PredefinedNetwork): Promise<Readonly<Record<string, object>>> {
  const members: Record<string, object> = {};
  for (const { id } of await engine.containers.list()) {
    const container = await engine.containers.inspect(id).catch(() => undefined); // gone meanwhile
    if (!container || Object.keys(container.networks).length > 0) continue;
    const mode = String((served.get(id)?.["HostConfig"] as { NetworkMode?: unknown } | undefined)?.NetworkMode ?? "bridge");
    const its = mode === "host" || mode === "none" ? mode : mode.startsWith("container:") ? undefined : "bridge";
    if (its !== network) continue;
    const address = network === "bridge" && container.ipAddress !== undefined ? `${container.ipAddress}/16` : "";
    members[id] = { Name: container.name, EndpointID: "", MacAddress: "", IPv4Address: address, IPv6Address: "" };
  }
  return members;
}

async function remove({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const name = exchange.parameter("id");
  try {
    await engine.networks.remove(name);
  } catch (error) {
    const predefined = predefinedNetwork(name);
    if (predefined !== undefined) throw new HttpFailure(403, `${predefined} is a pre-defined network and cannot be removed`);
    if (!isCaissonError(error, "NETWORK_IN_USE")) throw error;
    const { id, name: full } = await engine.networks.inspect(name);
    throw new HttpFailure(403, `error while removing network: network ${full} id ${id} has active endpoints`);
  }
  exchange.empty(204);
}

async function connect({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const body = await exchange.json();
  const network = exchange.parameter("id");
  const container = containerOf(body.text("Container"));
  refusePredefined(network);
  await engine.networks.connect(network, container, endpointOfBody(body.object("EndpointConfig"))).catch((error: unknown) => {
    if (!isCaissonError(error, "NETWORK_ALREADY_CONNECTED")) throw error;
    throw new HttpFailure(403, `endpoint with name ${container} already exists in network ${error.facts.network}`);
  });
  exchange.empty(200);
}

async function disconnect({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const body = await exchange.json();
  const network = exchange.parameter("id");
  const container = containerOf(body.text("Container"));
  refusePredefined(network);
  const force = body.flag("Force") ?? false;
  const { id } = await engine.networks.inspect(network);
  try {
    await engine.networks.disconnect(id, container, { force });
  } catch (error) {
    if (force && isCaissonError(error, "CONTAINER_NOT_FOUND")) throw new HttpFailure(404, `endpoint ${container} not found`);
    if (!isCaissonError(error, "NETWORK_NOT_CONNECTED")) throw error;
    throw new HttpFailure(500, `container ${error.facts.containerId} is not connected to network ${error.facts.network}`);
  }
  exchange.empty(200);
}

function containerOf(name: string | undefined): string {
  if (name === undefined || name === "") throw new HttpFailure(400, "invalid container name or ID: value is empty");
  return name;
}

/** A container is on them from its beginning to its end, or not at all. */
function refusePredefined(name: string): void {
  const predefined = predefinedNetwork(name);
  if (predefined !== undefined)
    throw new HttpFailure(403, `containers can't be connected to, or disconnected from, the network ${predefined} once they are made`);
}

async function prune({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), ["label", "label!", "until"]);
  const { label, "label!": without = [], until } = pruneFilters(filters);
  const removed: string[] = [];
  for (const network of await engine.networks.list()) {
    const { id, name, labels, containers, created } = network;
    const spared = containers.length > 0 || without.some((each) => hasLabel(labels, each)) || (until !== undefined && created >= until);
    if (spared || !hasLabels(labels, label)) continue;
    await engine.networks.remove(id);
    removed.push(name);
  }
  exchange.send(200, { NetworksDeleted: removed.length > 0 ? removed : null });
}
