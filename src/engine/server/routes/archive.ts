/** Routes about a container's files: in and out as tar streams, with what is known of the path in a header. */
import type { Readable } from "node:stream";
import { dotted } from "../../build-context/renamed-tar.js";
import { FileStat, readFirstHeader } from "../../docker-api/path-stat.js";
import { isCaissonError } from "../../errors.js";
import type { Exchange } from "../exchange.js";
import { HttpFailure } from "../http-failure.js";
import type { Route } from "../router.js";
import type { ServerContext } from "../server-context.js";

const TAR = "application/x-tar";
const STAT_HEADER = "X-Docker-Container-Path-Stat";

export function archiveRoutes(context: ServerContext): readonly Route[] {
  return [
    ["HEAD", "/containers/{id}/archive", (exchange) => stat(context, exchange)],
    ["GET", "/containers/{id}/archive", (exchange) => copyOut(context, exchange)],
    ["PUT", "/containers/{id}/archive", (exchange) => copyIn(context, exchange)],
    ["GET", "/containers/{id}/export", (exchange) => exportFiles(context, exchange)],
  ];
}

function pathOf(exchange: Exchange): string {
  const path = exchange.text("path");
  if (path === undefined) throw new HttpFailure(400, "missing parameter: path");
  return path.startsWith("/") ? path : `/${path}`;
}

/** The stream of a path, and its first header. @throws HttpFailure */
async function open({ engine }: ServerContext, exchange: Exchange): Promise<{ readonly stat: FileStat; readonly tar: Readable }> {
  const path = pathOf(exchange);
  const name = exchange.parameter("id");
  const { id } = await engine.containers.inspect(name);
  try {
    const tar = await engine.containers.copyOut(id, path, { signal: exchange.signal });
    return { stat: FileStat.of(await readFirstHeader(tar), path), tar };
  } catch (error) {
    if (isCaissonError(error, "PATH_NOT_FOUND")) throw new HttpFailure(404, `Could not find the file ${path} in container ${name}`);
    throw error;
  }
}

async function stat(context: ServerContext, exchange: Exchange): Promise<void> {
  const { stat: found, tar } = await open(context, exchange);
  tar.on("error", () => {});
  tar.destroy();
  exchange.empty(200, { [STAT_HEADER]: found.header() });
}

async function copyOut(context: ServerContext, exchange: Exchange): Promise<void> {
  const { stat: found, tar } = await open(context, exchange);
  const output = exchange.stream(TAR, { [STAT_HEADER]: found.header() });
  // `dir/.` asks for what is in it, under no name.
  const stream = /\/\.\/?$/.test(pathOf(exchange)) ? dotted(tar) : tar;
  await sendTar(stream, output);
}

async function sendTar(
  tar: AsyncIterable<Buffer> | Readable,
  output: { write(data: Buffer): Promise<boolean>; end(): void; destroy(): void },
): Promise<void> {
  try {
    for await (const chunk of tar as AsyncIterable<Buffer>) if (!(await output.write(chunk))) return;
    output.end();
  } catch {
    output.destroy();
  }
}

async function copyIn({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const path = pathOf(exchange);
  const name = exchange.parameter("id");
  const { id } = await engine.containers.inspect(name);
  try {
    await engine.containers.copyIn(id, exchange.body, {
      path,
      noOverwriteDirNonDir: exchange.flag("noOverwriteDirNonDir"),
      containerUser: exchange.flag("copyUIDGID"),
      signal: exchange.signal,
    });
  } catch (error) {
    if (isCaissonError(error, "PATH_NOT_FOUND")) throw new HttpFailure(404, `Could not find the file ${path} in container ${name}`);
    if (isCaissonError(error, "COPY_FAILED") && error.facts.errno === "EROFS")
      throw new HttpFailure(403, "container rootfs is marked read-only");
    if (isCaissonError(error, "COPY_FAILED") && error.facts.errno === "ENOTDIR")
      throw new HttpFailure(400, "extraction point is not a directory");
    throw error;
  }
  exchange.empty(200);
}

async function exportFiles({ engine }: ServerContext, exchange: Exchange): Promise<void> {
  const tar = await engine.containers.export(exchange.parameter("id"), { signal: exchange.signal });
  await sendTar(tar, exchange.stream(TAR));
}
