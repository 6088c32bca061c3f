/** Routes about further processes in running containers. */
import { type Fields, MalformedBody } from "../../docker-api/json-fields.js";
import { encodePiece } from "../../docker-api/raw-stream.js";
import type { ExecProcess, ExecSpec } from "../../engine.js";
import type { Exchange } from "../exchange.js";
import type { ExecEntry } from "../exec-table.js";
import { asHttpFailure, HttpFailure } from "../http-failure.js";
import { joinStreams, streamType } from "../join-streams.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";
import { terminalSize } from "./container-streams.js";

export function execRoutes(context: ServerContext): readonly Route[] {
  return [
    ["POST", "/containers/{id}/exec", (exchange) => create(context, exchange)],
    ["POST", "/exec/{id}/start", (exchange) => start(context, exchange)],
    ["POST", "/exec/{id}/resize", (exchange) => resize(context, exchange)],
    ["GET", "/exec/{id}/json", async (exchange) => inspect(context, exchange)],
  ];
}

async function create({ engine, execs }: ServerContext, exchange: Exchange): Promise<void> {
  const body = await exchange.json();
  const spec = execSpec(body);
  await runningContainer(engine, exchange.parameter("id")).then(({ id }) => {
    const flag = (name: string): boolean => body.flag(name) ?? false;
    const entry = execs.add({
      ...{ containerId: id, spec },
      attachStdin: flag("AttachStdin"),
      attachStdout: flag("AttachStdout"),
      attachStderr: flag("AttachStderr"),
    });
    exchange.send(201, { Id: entry.id });
  });
}

async function runningContainer({ containers }: ServerContext["engine"], name: string): Promise<{ readonly id: string }> {
  const { id, status } = await containers.inspect(name);
  if (status === "paused") throw new HttpFailure(409, `Container ${name} is paused, unpause the container before exec`);
  if (status === "restarting") throw new HttpFailure(409, `Container ${id} is restarting, wait until the container is running`);
  if (status !== "running") throw new HttpFailure(409, `container ${id} is not running`);
  return { id };
}

/** @throws MalformedBody */
function execSpec(body: Fields): ExecSpec {
  const command = body.words("Cmd") ?? [];
  if (command.length === 0) throw new MalformedBody("No exec command specified");
  const env = (body.texts("Env") ?? []).flatMap((line): [string, string][] => {
    const at = line.indexOf("=");
    return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
  });
  const workingDir = body.word("WorkingDir");
  const user = body.word("User");
  const detachKeys = body.word("DetachKeys");
  return {
    command,
    ...(env.length > 0 ? { env: Object.fromEntries(env) } : {}),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(detachKeys === undefined ? {} : { detachKeys }),
    tty: body.flag("Tty") ?? false,
    stdin: body.flag("AttachStdin") ?? false,
    privileged: body.flag("Privileged") ?? false,
  };
}

async function start({ engine, execs }: ServerContext, exchange: Exchange): Promise<void> {
  const entry = execs.get(exchange.parameter("id"));
  const body = await exchange.json();
  const detach = body.flag("Detach") ?? false;
  const { spec } = entry;
  if (entry.started)
    throw new HttpFailure(
      409,
      entry.running ? `Error: Exec command ${entry.id} is already running` : `exec command ${entry.id} has already run`,
    );
  await runningContainer(engine, entry.containerId);
  entry.started = true;
  const execute = (wanted: ExecSpec): Promise<ExecProcess> =>
    engine.containers.exec(entry.containerId, wanted).catch((error: unknown) => {
      entry.exitCode = NOT_EXECUTED;
      throw error;
    });
  if (detach) {
    const process = await execute({ ...spec, stdin: false }).catch((error: unknown) => {
      throw new HttpFailure(asHttpFailure(error).status, execFailure(error));
    });
    watch(entry, process);
    process.stdout.resume();
    process.stderr.resume();
    return exchange.empty(200);
  }
  // What can't be executed says so where its output would be: the connection is the client's by then.
  const socket = exchange.hijack(streamType(exchange, spec.tty ?? false));
  const process = await execute(spec).catch((error: unknown) => {
    const text = Buffer.from(`${execFailure(error)}\r\n`);
    socket.end(spec.tty ? text : encodePiece("stdout", text));
    socket.resume();
    return undefined;
  });
  if (!process) return;
  watch(entry, process);
  const leave = (): void => {
    // It goes on without a reader, as docker has it.
    process.stdout.resume();
    process.stderr.resume();
    process.stdin?.end();
  };
  const streams = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, end: process.end, leave };
  await joinStreams(socket, streams, { tty: spec.tty ?? false, wanted: { stdout: entry.attachStdout, stderr: entry.attachStderr } });
}

function watch(entry: ExecEntry, process: NonNullable<ExecEntry["process"]>): void {
  entry.process = process;
  entry.running = true;
  process.exit.then(
    ({ exitCode }) => Object.assign(entry, { running: false, exitCode }),
    () => Object.assign(entry, { running: false, exitCode: 137 }), // the engine has closed
  );
}

/** Exit code of what could not be executed, whatever the reason. */
const NOT_EXECUTED = 126;

function execFailure(error: unknown): string {
  return asHttpFailure(error).message.replace(/^.*?runc create failed: /, "OCI runtime exec failed: exec failed: ");
}

async function resize({ execs }: ServerContext, exchange: Exchange): Promise<void> {
  const size = terminalSize(exchange);
  const { process, running } = execs.get(exchange.parameter("id"));
  if (!process || !running) throw new HttpFailure(409, `exec ${exchange.parameter("id")} is not running`);
  await process.resize(size);
  exchange.empty(200);
}

function inspect({ execs }: ServerContext, exchange: Exchange): void {
  const { id, containerId, spec, running, exitCode, process, started, ...attached } = execs.get(exchange.parameter("id"));
  const [entrypoint = "", ...args] = spec.command;
  exchange.send(200, {
    ID: id,
    Running: running,
    ExitCode: exitCode ?? null,
    ProcessConfig: {
      tty: spec.tty ?? false,
      entrypoint,
      arguments: args,
      privileged: spec.privileged ?? false,
      ...(spec.user === undefined ? {} : { user: spec.user }),
    },
    OpenStdin: attached.attachStdin,
    OpenStderr: attached.attachStderr,
    OpenStdout: attached.attachStdout,
    CanRemove: started && !running,
    ContainerID: containerId,
    DetachKeys: "",
    // Also once it has ended, as dockerd does: none means that it was never executed.
    Pid: process?.pid ?? 0,
  });
}
