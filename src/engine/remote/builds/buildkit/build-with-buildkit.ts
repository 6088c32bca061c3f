/**
 * A build by the BuildKit in the daemon, as buildx has it done: `POST /session` is a connection over which the daemon asks us for files and
 * secrets, `POST /grpc` one over which we ask for the build (moby.buildkit.v1.Control).
 */
import { createHash, randomBytes } from "node:crypto";
import path from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ContextTree } from "../../../build-context/context-tree.js";
import { DigestCache } from "../../../build-context/digest-cache.js";
import { existingDirectory, readIgnoreFile } from "../../../build-context/local-context.js";
import { PLAIN_ENTRY } from "../../../build-context/tar-stream-codec.js";
import { imageId } from "../../../docker-api/image-json.js";
import type { BuildOptions } from "../../../engine.js";
import { abortError, UnsupportedError } from "../../../errors.js";
import type { DockerClient, DockerRequest } from "../../docker-client.js";
import { builderFailure } from "../build-failure.js";
import type { BuildReport } from "../build-report.js";
import type { BuildSource } from "../build-source.js";
import { contextFiles } from "../context-files.js";
import { refuseLayout } from "../refuse-layout.js";
import type { SentFile } from "./file-send.js";
import { GrpcClient } from "./grpc-client.js";
import { GrpcFailure } from "./grpc-messages.js";
import { serveGrpc } from "./grpc-server.js";
import { knownTar } from "./known-tar.js";
import { Message, writeMessage } from "./protobuf.js";
import { type SessionContents, sessionServices } from "./session-services.js";
import { encodeSolve, entitlementsOf, frontendAttributes, type Places } from "./solve-request.js";
import { decodeStatus } from "./status.js";
import { VertexProgress } from "./vertex-progress.js";

const DOING = "Building an image";
/** For the rest of a build's account once its result is known. */
const LAST_WORDS_MS = 1000;
/** Where a tar that the session has is for BuildKit. */
const UPLOAD = "http://buildkit-session/";

/** @returns the image's id. @throws BUILD_FAILED and its like, UNSUPPORTED, DAEMON_UNREACHABLE, ABORTED */
export async function buildWithBuildKit(
  client: DockerClient,
  environment: NodeJS.ProcessEnv,
  source: BuildSource,
  options: BuildOptions,
  report: BuildReport,
): Promise<string> {
  const request: DockerRequest = { doing: DOING, signal: options.signal };
  // An older frontend would overlook them.
  if (Object.keys(options.contexts ?? {}).length > 0 && !client.speaks("1.42"))
    throw new UnsupportedError("remote", "contexts of a build", "this daemon's BuildKit has none by name", "Use Docker 23 or later.");
  const { contents, places } = await prepare(source, options, environment);
  const attributes = frontendAttributes(options, places);
  const session = randomBytes(16).toString("hex");
  const services = sessionServices(contents);
  const served = await client.hijack("/session", {
    ...request,
    upgrade: "h2c",
    headers: {
      "x-docker-expose-session-uuid": session,
      "x-docker-expose-session-name": "caisson",
      "x-docker-expose-session-sharedkey": sharedKey(source),
      "x-docker-expose-session-grpc-method": Object.keys(services),
    },
  });
  const lost = lossOf(served);
  serveGrpc(served, services);
  let control: GrpcClient | undefined;
  const stop = (): void => {
    control?.close();
    served.destroy();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  const file = options.dockerfile ?? "Dockerfile";
  const progress = new VertexProgress(report, source.plan, file);
  try {
    const connection = await client.hijack("/grpc", { ...request, upgrade: "h2c" });
    const cut = Promise.race([lost, lossOf(connection)]);
    cut.catch(() => {});
    control = new GrpcClient(connection);
    const ref = randomBytes(16).toString("hex");
    const watching = watch(control, ref, progress);
    watching.catch(() => {}); // the build itself says what is wrong
    const solve = encodeSolve({ ref, session, attributes, tags: options.tags ?? [], entitlements: entitlementsOf(options) });
    try {
      const answer = new Message(await Promise.race([control.unary("/moby.buildkit.v1.Control/Solve", solve), cut]));
      await within(LAST_WORDS_MS, watching);
      const id = answer.map(1).get("containerimage.digest");
      if (id === undefined) throw new Error("the daemon ended without an image");
      return imageId(id);
    } catch (error) {
      if (options.signal?.aborted) throw abortError("build", options.signal);
      if (!(error instanceof GrpcFailure)) throw client.failure(error, request);
      await within(LAST_WORDS_MS, watching);
      throw failureOf(error, progress, source, options);
    }
  } finally {
    options.signal?.removeEventListener("abort", stop);
    stop();
  }
}

/** The daemon hanging up makes it wait, for another session or for nothing: fails when a connection ends, and never succeeds. */
function lossOf(connection: Duplex): Promise<never> {
  // Half of a connection is of no use here.
  connection.allowHalfOpen = false;
  const lost = new Promise<never>((_, reject) => {
    const over = (): void => reject(new Error("the connection broke during the build"));
    connection.on("end", over).on("close", over).on("error", over);
  });
  lost.catch(() => {});
  return lost;
}

/** What is refused before it begins has no account that would end. */
async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work.catch(() => {}), sleep(milliseconds, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
}

async function watch(control: GrpcClient, ref: string, progress: VertexProgress): Promise<void> {
  for await (const message of control.stream("/moby.buildkit.v1.Control/Status", writeMessage([[1, ref]])))
    progress.take(decodeStatus(message));
}

function failureOf(error: GrpcFailure, progress: VertexProgress, source: BuildSource, options: BuildOptions) {
  const { failed } = progress;
  const line = lineOf(error);
  const why = source.kind === "directory" ? (wanted: string) => source.files.why(wanted) : undefined;
  const message = error.message === "" ? (failed?.error ?? "") : error.message;
  const facts = { message, instruction: failed?.instruction, line, output: failed?.output ?? [], why };
  return builderFailure(source.plan, facts, `Building ${options.tags?.[0] ?? "an image"}`);
}

/** Errors carry the place in the source as a detail, in JSON. */
function lineOf({ details }: GrpcFailure): number | undefined {
  for (const [type, value] of details) {
    if (!type.includes("errdefs.Source")) continue;
    try {
      const { ranges } = JSON.parse(value.toString()) as { ranges?: readonly { start?: { line?: number } }[] };
      const line = ranges?.[0]?.start?.line;
      if (line !== undefined) return line;
    } catch {
      // A detail of another kind.
    }
  }
  return undefined;
}

/** Under which the daemon keeps what it has got of a directory. */
function sharedKey(source: BuildSource): string {
  const place = source.kind === "directory" ? source.directory : randomBytes(16).toString("hex");
  return createHash("sha256").update(`caisson ${place}`).digest("hex");
}

async function prepare(
  source: BuildSource,
  options: BuildOptions,
  environment: NodeJS.ProcessEnv,
): Promise<{ contents: SessionContents; places: Places }> {
  const directories: Record<string, (wanted: readonly string[]) => AsyncIterable<SentFile>> = {};
  const uploads: Record<string, AsyncIterable<Uint8Array>> = {};
  const contexts: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.contexts ?? {})) {
    contexts[name] = /^[\w-]+:\/\//.test(value) || /^[\w-]+@[\w.-]+:/.test(value) ? value : `local:${name}`;
    refuseLayout(name, value);
    if (contexts[name] !== `local:${name}`) continue;
    const directory = await existingDirectory(value, `contexts.${name}`);
    const files = new ContextTree(directory, await readIgnoreFile(directory), DigestCache.forgetful());
    directories[name] = (wanted) => contextFiles(directory, files, wanted);
  }
  let context: string | undefined;
  if (source.kind === "directory") directories["context"] = (wanted) => contextFiles(source.directory, source.files, wanted);
  else if (source.kind === "address") context = source.address;
  else {
    const name = randomBytes(12).toString("hex");
    uploads[name] = knownTar(source.tar);
    context = UPLOAD + name;
  }
  const dockerfile = source.plan && path.posix.basename(source.plan.dockerfile.file.replaceAll("\\", "/"));
  if (source.plan && dockerfile !== undefined) {
    const text = Buffer.from(source.plan.text);
    // With an ignore file of its own, that of the context is not looked at: its rules have been followed already.
    directories["dockerfile"] = () =>
      fileList([
        [dockerfile, text],
        [`${dockerfile}.dockerignore`, Buffer.from("#\n")],
      ]);
  }
  const { secrets, ssh } = options;
  return { contents: { directories, uploads, secrets, ssh, environment }, places: { context, dockerfile, contexts } };
}

async function* fileList(files: readonly (readonly [name: string, contents: Buffer])[]): AsyncGenerator<SentFile> {
  for (const [name, contents] of files) {
    yield {
      entry: { ...PLAIN_ENTRY, name, type: "file", mode: 0o644, size: contents.length },
      // Never the same as before: what has the same size may have other contents.
      modified: BigInt(Date.now()) * 1_000_000n,
      contents: async function* () {
        yield contents;
      },
    };
  }
}
