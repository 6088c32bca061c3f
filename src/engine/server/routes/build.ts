/** Routes about builds: the classic `POST /build`, and the cache. */
import { Fields, MalformedBody, parseJson } from "../../docker-api/json-fields.js";
import { errorLine } from "../../docker-api/progress-lines.js";
import { registryConfigOf } from "../../docker-api/registry-auth.js";
import type { BuildContext, BuildEvent, BuildOptions } from "../../engine.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange, JsonLines } from "../exchange.js";
import { asHttpFailure, HttpFailure } from "../http-failure.js";
import { NO_BUILDKIT } from "../no-buildkit.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";
import { wholeTar } from "../whole-tar.js";

export function buildRoutes(context: ServerContext): readonly Route[] {
  return [
    ["POST", "/build", (exchange) => build(context, exchange)],
    ["POST", "/build/prune", (exchange) => prune(context, exchange)],
    ["POST", "/build/cancel", async (exchange) => exchange.empty(204)],
  ];
}

async function build({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const options = buildOptions(exchange);
  const context = contextOf(exchange);
  const quiet = exchange.flag("q");
  const lines = exchange.lines();
  try {
    const { image } = await engine.images.build(context, {
      ...options,
      signal: exchange.signal,
      progress: quiet ? undefined : (event) => void report(lines, event),
    });
    await lines.write({ aux: { ID: image.id } });
    if (quiet) await lines.write({ stream: `${image.id}\n` });
    else {
      await lines.write({ stream: `Successfully built ${image.id.slice(7, 19)}\n` });
      for (const tag of options.tags ?? [])
        await lines.write({ stream: `Successfully tagged ${/:[^/]*$/.test(tag) ? tag : `${tag}:latest`}\n` });
    }
  } catch (error) {
    if (exchange.signal.aborted) return;
    if (!lines.begun && !isCaissonError(error, "BUILD_FAILED")) throw error;
    await lines.write(buildFailure(error));
  }
  lines.end();
}

function buildFailure(error: unknown): object {
  const { message } = asHttpFailure(error);
  if (!isCaissonError(error, "BUILD_FAILED") || error.facts.exitCode === undefined) return errorLine(message);
  const { command = error.facts.instruction, exitCode } = error.facts;
  const text = `The command '${command}' returned a non-zero code: ${exitCode}`;
  return { errorDetail: { code: exitCode, message: text }, error: text };
}

/** As the classic builder writes: a line for each step, and what it prints. */
async function report(lines: JsonLines, event: BuildEvent): Promise<void> {
  switch (event.type) {
    case "step":
      return lines.write({ stream: `Step ${event.step} : ${event.name}\n` });
    case "output":
      return lines.write({ stream: event.text });
    case "done":
      return event.cached ? lines.write({ stream: " ---> Using cache\n" }) : undefined;
    case "failed":
      return lines.write({ stream: `${event.message}\n` });
    case "warning":
      return lines.write({ stream: `[Warning] ${event.warning.message}\n` });
    case "pull":
      return undefined;
  }
}

function contextOf(exchange: Exchange): BuildContext {
  const remote = exchange.text("remote");
  if (remote === undefined || remote === "client-session") return { tar: wholeTar(exchange.body) };
  if (!/^(https?|git|ssh):\/\/|^git@/.test(remote))
    throw new HttpFailure(400, `remote ${JSON.stringify(remote)} is neither a URL nor a git repository`);
  return remote;
}

/** @throws HttpFailure, MalformedBody */
function buildOptions(exchange: Exchange): BuildOptions {
  if (exchange.text("version") === "2") throw new HttpFailure(400, NO_BUILDKIT);
  if (exchange.flag("squash")) throw new HttpFailure(400, "squash is only supported with experimental mode");
  const outputs = exchange.text("outputs");
  if (outputs !== undefined && outputs !== "[]" && outputs !== "null")
    throw new HttpFailure(400, "outputs other than the image are not served");
  const memory = exchange.number("memory");
  const tags = exchange.query.getAll("t").filter(Boolean);
  return {
    dockerfile: exchange.text("dockerfile"),
    ...(tags.length > 0 ? { tags } : {}),
    buildArgs: jsonRecord(exchange, "buildargs"),
    labels: jsonRecord(exchange, "labels"),
    target: exchange.text("target"),
    platform: exchange.text("platform"),
    noCache: exchange.flag("nocache"),
    pull: exchange.flag("pull"),
    registryAuth: registryConfigOf(exchange.header("x-registry-config")),
    network: networkOf(exchange.text("networkmode")),
    extraHosts: exchange.text("extrahosts")?.split(",").map(extraHost),
    ...(memory !== undefined && memory > 0 ? { memoryBytes: memory } : {}),
  };
}

/** An argument without a value is one that the server's environment has: none. @throws MalformedBody */
function jsonRecord(exchange: Exchange, name: string): Readonly<Record<string, string>> | undefined {
  const text = exchange.text(name);
  if (text === undefined) return undefined;
  const json = parseJson(text);
  const entries = Object.entries(new Fields({ [name]: json }).object(name).json ?? {}).filter(([, value]) => value !== null);
  if (entries.some(([, value]) => typeof value !== "string"))
    throw new MalformedBody(`invalid JSON: expected ${name} to be an object of strings`);
  return Object.fromEntries(entries as [string, string][]);
}

function networkOf(mode: string | undefined): BuildOptions["network"] {
  if (mode === undefined || mode === "default" || mode === "bridge") return undefined;
  if (mode === "none" || mode === "host") return mode;
  throw new HttpFailure(400, `network mode ${JSON.stringify(mode)} is not served for builds: default, host and none are`);
}

function extraHost(line: string): { host: string; address: string } {
  const at = line.search(/[:=]/);
  if (at < 1) throw new HttpFailure(400, `bad format for add-host: ${JSON.stringify(line)}`);
  return { host: line.slice(0, at), address: line.slice(at + 1) };
}

async function prune({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const { bytes } = await engine.images.pruneBuilds();
  exchange.send(200, { CachesDeleted: null, SpaceReclaimed: bytes });
}
