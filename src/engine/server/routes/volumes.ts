/** Routes about volumes. */
import { FilterParameter } from "../../docker-api/filter-parameter.js";
import { volumeJson, volumeSpecOfBody } from "../../docker-api/volume-details.js";
import { isCaissonError } from "../../errors.js";
import { hasLabel, hasLabels } from "../../filters.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";

export function volumeRoutes(context: ServerContext): readonly Route[] {
  const { volumes } = context.engine;
  return [
    ["GET", "/volumes", (exchange) => list(context, exchange)],
    ["POST", "/volumes/create", (exchange) => create(context, exchange)],
    ["POST", "/volumes/prune", (exchange) => prune(context, exchange)],
    ["GET", "/volumes/{name}", async (exchange) => exchange.send(200, volumeJson(await volumes.inspect(exchange.parameter("name"))))],
    ["DELETE", "/volumes/{name}", (exchange) => remove(context, exchange)],
  ];
}

async function list({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), ["dangling", "driver", "label", "name"]);
  const dangling = filters.flag("dangling");
  const drivers = filters.get("driver");
  const names = filters.get("name");
  const found = (await engine.volumes.list(dangling === undefined ? {} : { dangling })).filter(
    (volume) =>
      (drivers?.includes("local") ?? true) &&
      (names?.some((part) => volume.name.includes(part)) ?? true) &&
      hasLabels(volume.labels, filters.get("label")),
  );
  exchange.send(200, { Volumes: found.map(volumeJson), Warnings: null });
}

async function create({ engine, binds }: ServerContext, exchange: Exchange): Promise<void> {
  const spec = volumeSpecOfBody(await exchange.json());
  // A volume whose options name a directory of the host is a bind mount by another name.
  const device = spec.options?.["device"];
  if (device?.startsWith("/")) await binds.checkPath(device);
  exchange.send(201, volumeJson(await engine.volumes.create(spec)));
}

async function remove({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const name = exchange.parameter("name");
  try {
    await engine.volumes.remove(name, { force: exchange.flag("force") });
  } catch (error) {
    if (!isCaissonError(error, "VOLUME_IN_USE")) throw error;
    const ids = await Promise.all(
      error.facts.containers.map((each) =>
        engine.containers.inspect(each).then(
          ({ id }) => id,
          () => each,
        ),
      ),
    );
    throw new HttpFailure(409, `remove ${name}: volume is in use - [${ids.join(", ")}]`);
  }
  exchange.empty(204);
}

async function prune({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const filters = new FilterParameter(exchange.text("filters"), ["all", "label", "label!"]);
  // Since 1.42 those with a chosen name stay unless asked for.
  const all = exchange.version < 42 || (filters.flag("all") ?? false);
  const without = filters.get("label!") ?? [];
  const sizes = new Map((await engine.diskUsage()).volumes.map(({ name, bytes }) => [name, bytes ?? 0]));
  const removed: string[] = [];
  for (const { name, labels, anonymous } of await engine.volumes.list({ dangling: true })) {
    if (!(all || anonymous) || !hasLabels(labels, filters.get("label")) || without.some((each) => hasLabel(labels, each))) continue;
    const gone = await engine.volumes.remove(name).then(
      () => true,
      () => false, // somebody uses it by now
    );
    if (gone) removed.push(name);
  }
  const bytes = removed.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  exchange.send(200, { VolumesDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: bytes });
}
