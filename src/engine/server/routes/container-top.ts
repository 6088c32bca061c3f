/** `GET /containers/{id}/top`: the processes of a container as ps(1) would list them. */
import { processTable } from "../../docker-api/process-table.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { ServerContext } from "../server-context.js";

export async function top({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const options = (exchange.text("ps_args") ?? "").split(/\s+/).filter(Boolean);
  const { id } = await engine.containers.inspect(exchange.parameter("id"));
  const processes = engine.containers.top(id).catch((error: unknown) => {
    throw isCaissonError(error, "CONTAINER_NOT_RUNNING") ? new HttpFailure(409, `container ${id} is not running`) : error;
  });
  const [listed, { memoryBytes }] = await Promise.all([processes, engine.info()]);
  const { titles, rows } = processTable(listed, options, memoryBytes);
  exchange.send(200, { Titles: titles, Processes: rows });
}
