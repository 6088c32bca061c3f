/** Routes about a container's streams: attach, logs, resize, statistics. */
import type { Duplex } from "node:stream";
import { lineStamps, recordStamp } from "../../docker-api/line-stamps.js";
import { STAMP_PARTS } from "../../docker-api/log-stream.js";
import { encodePiece } from "../../docker-api/raw-stream.js";
import { emptyStatsJson, statsJson } from "../../docker-api/stats-details.js";
import { parseTime } from "../../docker-api/times.js";
import { wholeLines } from "../../docker-api/whole-lines.js";
import type { LogRecord, TerminalSize } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import { joinStreams, streamType } from "../join-streams.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";

export function containerStreamRoutes(context: ServerContext): readonly Route[] {
  return [
    ["GET", "/containers/{id}/logs", (exchange) => logs(context, exchange)],
    ["POST", "/containers/{id}/attach", (exchange) => attach(context, exchange)],
    ["POST", "/containers/{id}/resize", (exchange) => resize(context, exchange)],
    ["GET", "/containers/{id}/stats", (exchange) => stats(context, exchange)],
  ];
}

async function logs({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const stdout = exchange.flag("stdout");
  const stderr = exchange.flag("stderr");
  if (!stdout && !stderr) throw new HttpFailure(400, "Bad parameters: you must choose at least one stream");
  const tail = exchange.text("tail");
  const lines = tail !== undefined && /^\d{1,15}$/.test(tail) ? Number(tail) : undefined;
  const { id, config } = await engine.containers.inspect(exchange.parameter("id"));
  const records = engine.containers.logs(id, {
    ...{ stdout, stderr, follow: exchange.flag("follow"), signal: exchange.signal },
    since: parseTime("since", exchange.text("since")),
    until: parseTime("until", exchange.text("until")),
    ...(lines === undefined ? {} : { tail: lines }),
  });
  const output = exchange.stream(streamType(exchange, config.tty));
  const line = logLine(exchange, config.tty);
  // A terminal has one stream, whose prompts have no end of a line.
  const told = config.tty || wantsParts(exchange) ? records : wholeLines(records);
  try {
    for await (const record of told) if (!(await output.write(line(record)))) break;
    output.end();
  } catch (error) {
    if (exchange.signal.aborted) return;
    if (!isCaissonError(error)) throw error;
    output.destroy();
  }
}

function wantsParts(exchange: Exchange): boolean {
  return exchange.header(STAMP_PARTS) !== undefined;
}

function logLine(exchange: Exchange, tty: boolean): (record: LogRecord) => Buffer {
  // What a terminal has written comes without frames: there, a time within a line would be a part of it.
  const everyPart = !tty && wantsParts(exchange);
  const text = !exchange.flag("timestamps") ? ({ data }: LogRecord) => data : everyPart ? recordStamp : lineStamps();
  return (record) => (tty ? text(record) : encodePiece(record.stream, text(record)));
}

async function attach({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const { id, name, status, config } = await engine.containers.inspect(exchange.parameter("id"));
  if (status === "paused") throw new HttpFailure(409, `container ${id} is paused, unpause the container before attach`);
  if (status === "restarting") throw new HttpFailure(409, `container ${name} is restarting, wait until the container is running`);
  const stdin = exchange.flag("stdin") && config.openStdin;
  const stream = exchange.flag("stream");
  if (!stream) return attachedLogs(engine, id, config.tty, exchange);
  const streams = await engine.containers.attach(id, {
    stdin,
    logs: exchange.flag("logs"),
    detachKeys: exchange.query.get("detachKeys") || undefined,
  });
  const socket = exchange.hijack(streamType(exchange, config.tty));
  const wanted = { stdout: exchange.flag("stdout"), stderr: exchange.flag("stderr") };
  await joinStreams(
    socket,
    { ...streams, stdin: stdin ? streams.stdin : undefined, leave: () => streams.detach() },
    { tty: config.tty, wanted },
  );
}

/** What was logged so far and no more. */
async function attachedLogs({ containers }: ServerContext["engine"], id: string, tty: boolean, exchange: Exchange): Promise<void> {
  const socket: Duplex = exchange.hijack(streamType(exchange, tty));
  if (exchange.flag("logs"))
    for await (const { stream, data } of containers.logs(id, { stdout: exchange.flag("stdout"), stderr: exchange.flag("stderr") }))
      socket.write(tty ? data : encodePiece(stream, data));
  socket.end();
}

async function resize({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const size = terminalSize(exchange);
  const { id, state } = await engine.containers.inspect(exchange.parameter("id"));
  if (!state.running) throw new HttpFailure(409, `container ${id} is not running`);
  await engine.containers.resize(id, size);
  exchange.empty(200);
}

/** @throws HttpFailure */
export function terminalSize(exchange: Exchange): TerminalSize {
  const rows = exchange.number("h");
  const columns = exchange.number("w");
  for (const [name, value] of [
    ["height", rows],
    ["width", columns],
  ] as const)
    if (value === undefined || value < 0 || value > 65_535)
      throw new HttpFailure(400, `invalid resize ${name}: expected a number from 0 to 65535`);
  return { rows: rows!, columns: columns! };
}

async function stats({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const stream = exchange.flag("stream", true);
  const oneShot = exchange.flag("one-shot");
  if (stream && oneShot) throw new HttpFailure(400, "cannot have stream=true and one-shot=true");
  const { id, name, state } = await engine.containers.inspect(exchange.parameter("id"));
  if (!state.running) return exchange.send(200, emptyStatsJson({ id, name }));
  let previous: Date | undefined;
  const samples = engine.containers.stats(id, { oneShot, signal: exchange.signal });
  const output = exchange.lines();
  try {
    for await (const sample of samples) {
      const first = previous === undefined;
      const line = statsJson(sample, { id, name, previous });
      previous = sample.time;
      // One answer that is no single sample has what two of them differ in.
      if (!stream && !oneShot && first) continue;
      await output.write(line);
      if (!stream) break;
    }
  } catch (error) {
    // It has ended, or somebody lost interest.
    if (!exchange.signal.aborted && !isCaissonError(error, "CONTAINER_NOT_RUNNING") && !isCaissonError(error, "CONTAINER_NOT_FOUND"))
      throw error;
  }
  output.end();
}
