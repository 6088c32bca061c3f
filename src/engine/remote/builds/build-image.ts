/** A build at the daemon: by BuildKit where it has it, else by its classic builder or Buildah. */
import { validateBuildOptions } from "../../build-context/validate-options.js";
import type { BuildContext, BuildOptions, BuildResult } from "../../engine.js";
import { throwIfAborted } from "../../errors.js";
import { parseReference } from "../../oci/reference.js";
import type { DockerClient } from "../docker-client.js";
import type { InspectImage } from "../images/transfers.js";
import { BuildReport } from "./build-report.js";
import { openSource } from "./build-source.js";
import { buildWithBuildKit } from "./buildkit/build-with-buildkit.js";
import { buildClassically } from "./classic/build-classically.js";

export interface BuildParts {
  readonly client: DockerClient;
  readonly environment: NodeJS.ProcessEnv;
  readonly inspect: InspectImage;
}

export async function buildImage(
  { client, environment, inspect }: BuildParts,
  context: BuildContext,
  options: BuildOptions,
): Promise<BuildResult> {
  validateBuildOptions(context, options);
  for (const tag of options.tags ?? []) parseReference(tag);
  throwIfAborted("build", options.signal);
  const source = await openSource(context, options);
  const report = new BuildReport(options.progress);
  const build = (await hasBuildKit(client, environment)) ? buildWithBuildKit : buildClassically;
  const id = await build(client, environment, source, options, report);
  return { image: await inspect(id), warnings: report.warnings };
}

/**
 * Docker for Linux has it since 18.09 (API 1.39), whatever it calls its default; docker's own command does the same.
 * DOCKER_BUILDKIT=0 is obeyed.
 */
async function hasBuildKit(client: DockerClient, environment: NodeJS.ProcessEnv): Promise<boolean> {
  if (["0", "false"].includes((environment["DOCKER_BUILDKIT"] ?? "").toLowerCase()) || !client.speaks("1.39")) return false;
  const { headers, body } = await client.stream("GET", "/_ping", { doing: "Asking the daemon for its builder" });
  body.resume();
  const { "builder-version": builder, server, ostype } = headers;
  return ostype !== "windows" && (builder === "2" || String(server).startsWith("Docker/"));
}
