/** `POST /containers/{id}/wait`: asked before the start, and told at once that it is heard. */
import type { WaitOptions } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { ServerContext } from "../server-context.js";

const CONDITIONS = ["not-running", "next-exit", "removed"];

export async function wait({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const condition = exchange.text("condition") ?? "not-running";
  if (!CONDITIONS.includes(condition)) throw new HttpFailure(400, `invalid condition: "${condition}"`);
  const { id, status, state } = await engine.containers.inspect(exchange.parameter("id"));
  if (condition === "not-running" && status === "created") {
    exchange.send(200, { StatusCode: state.exit?.exitCode ?? 0 });
    return;
  }
  const options: WaitOptions = { condition: condition as NonNullable<WaitOptions["condition"]>, signal: exchange.signal };
  const exit = engine.containers.wait(id, options);
  exit.catch(() => {});
  const output = exchange.stream("application/json");
  try {
    const { exitCode } = await exit;
    await output.write(`${JSON.stringify({ StatusCode: exitCode })}\n`);
  } catch (error) {
    if (exchange.signal.aborted) return;
    // It went before it ever ended.
    const message = isCaissonError(error) ? error.summary : String(error);
    await output.write(`${JSON.stringify({ StatusCode: -1, Error: { Message: message } })}\n`);
  }
  output.end();
}
