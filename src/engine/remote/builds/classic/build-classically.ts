/** A build by `POST /build` alone, the context as its body: Docker's classic builder, and Podman's Buildah. */
import { imageId } from "../../../docker-api/image-json.js";
import { type ProgressLine, readJsonLines } from "../../../docker-api/json-lines.js";
import type { BuildOptions } from "../../../engine.js";
import { UnsupportedError } from "../../../errors.js";
import { parseReference } from "../../../oci/reference.js";
import type { DockerClient, DockerRequest } from "../../docker-client.js";
import { SourceBody } from "../../images/answer-lines.js";
import { registryConfig } from "../../images/registry-auth.js";
import { builderFailure } from "../build-failure.js";
import type { BuildReport } from "../build-report.js";
import type { BuildSource } from "../build-source.js";
import { buildQuery } from "./build-query.js";
import { ClassicLog } from "./classic-log.js";
import { contextTar } from "./context-tar.js";

/** @returns the image's id. @throws BUILD_FAILED and its like, UNSUPPORTED, DAEMON_UNREACHABLE, ABORTED */
export async function buildClassically(
  client: DockerClient,
  environment: NodeJS.ProcessEnv,
  source: BuildSource,
  options: BuildOptions,
  report: BuildReport,
): Promise<string> {
  const { body, dockerfile } = await bodyOf(source, options);
  const sent = body && new SourceBody(body);
  const domains = (source.plan?.images ?? []).map(({ reference }) => parseReference(reference).domain);
  const request: DockerRequest = {
    doing: `Building ${options.tags?.[0] ?? "an image"}`,
    query: buildQuery(options, dockerfile, source.kind === "address" ? source.address : undefined),
    headers: { "x-registry-config": await registryConfig(domains, environment, options.registryAuth) },
    body: sent,
    signal: options.signal,
  };
  const log = new ClassicLog(report, source.plan, options.dockerfile ?? "Dockerfile");
  let id: string | undefined;
  try {
    const answer = await client.stream("POST", "/build", request);
    for await (const line of readJsonLines<ProgressLine>(answer.body)) {
      const failure = line.errorDetail?.message ?? line.error;
      if (failure !== undefined) throw failureOf(failure, line.errorDetail?.code, log, source, request.doing);
      if (line.stream !== undefined) log.take(line.stream);
      const { ID } = (line.aux ?? {}) as { ID?: string };
      id =
        ID ??
        /^([0-9a-f]{64})$/.exec(line.stream?.trim() ?? "")?.[1] ??
        /^Successfully built ([0-9a-f]+)/.exec(line.stream ?? "")?.[1] ??
        id;
    }
  } catch (error) {
    throw client.failure(sent?.blame(error) ?? error, request);
  }
  if (id === undefined) throw client.failure(new Error("the daemon ended without an image"), request);
  log.end();
  return id.length === 64 ? imageId(id) : id;
}

function failureOf(message: string, code: number | undefined, log: ClassicLog, source: BuildSource, doing: string) {
  log.end(message);
  const why = source.kind === "directory" ? (wanted: string) => source.files.why(wanted) : undefined;
  const whole = code !== undefined && code > 0 && !/code:? \d/.test(message) ? `${message}: exit code: ${code}` : message;
  return builderFailure(source.plan, { message: whole, instruction: log.instruction, output: log.output, why }, doing);
}

async function bodyOf(
  source: BuildSource,
  options: BuildOptions,
): Promise<{ readonly body: AsyncIterable<Uint8Array> | undefined; readonly dockerfile: string }> {
  if (source.kind === "directory") return contextTar(source, options);
  if (source.plan)
    throw new UnsupportedError(
      "remote",
      "a Dockerfile beside a context that is no directory",
      "this daemon's builder looks for it in the context",
    );
  const dockerfile = options.dockerfile ?? "Dockerfile";
  return { body: source.kind === "tar" ? source.tar : undefined, dockerfile };
}
