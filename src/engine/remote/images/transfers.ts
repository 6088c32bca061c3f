/** Pull and push: the daemon asks the registry, with credentials that are found here. */
import type { ImageInspect, PullOptions, PushOptions } from "../../engine.js";
import { CaissonError, isCaissonError, optionError } from "../../errors.js";
import { isOffline } from "../../oci/offline.js";
import { matchesPlatform, parsePlatform, platformMissing } from "../../oci/platform.js";
import { familiarName, parseReference } from "../../oci/reference.js";
import type { DockerClient, DockerRequest } from "../docker-client.js";
import { answerLines } from "./answer-lines.js";
import { isImageId, repositoryAndTag } from "./image-name.js";
import { credentialsFor } from "./registry-auth.js";
import { transferProgress } from "./transfer-progress.js";

export interface TransferParts {
  readonly client: DockerClient;
  /** Says where credentials are. */
  readonly environment: NodeJS.ProcessEnv;
  readonly inspect: InspectImage;
}

/** @param platform which of several that have the name. @throws IMAGE_NOT_FOUND */
export type InspectImage = (reference: string, platform?: string) => Promise<ImageInspect>;

/** What is here and can't have changed is not asked for. */
export async function pullImage(parts: TransferParts, reference: string, options: PullOptions): Promise<ImageInspect> {
  const { client, environment, inspect } = parts;
  const { repository, tag, domain } = repositoryAndTag(reference);
  const offline = isOffline(environment);
  if (tag.includes(":") || offline) {
    const known = await inspect(reference).catch(() => undefined);
    if (known) return known;
    if (offline) throw offlineError(reference);
  }
  const credentials = await credentialsFor(domain, options.auth, environment);
  const request: DockerRequest = {
    doing: `Pulling ${reference}`,
    image: reference,
    registry: { registry: domain, reference, credentials: credentials.source },
    query: {
      fromImage: repository,
      tag,
      platform: client.speaks("1.32") ? options.platform : undefined,
      tlsVerify: tlsVerify(domain),
    },
    headers: { "x-registry-auth": credentials.header },
    signal: options.signal,
  };
  const name = familiarName(parseReference(reference));
  for await (const line of answerLines(client, await client.stream("POST", "/images/create", request), request)) {
    const progress = transferProgress(line, name);
    if (progress) options.progress?.(progress);
  }
  const pulled = await inspectPlatform(inspect, reference, options.platform);
  // Docker 20.10 gives what there is instead.
  if (options.platform !== undefined && !matchesPlatform(options.platform, parsePlatform(pulled.platform)))
    throw platformMissing(reference, options.platform, [pulled.platform]);
  options.progress?.({ id: name, status: "done" });
  return pulled;
}

/** The one of that platform, where the daemon has it; else what it shows. @throws IMAGE_NOT_FOUND */
export async function inspectPlatform(inspect: InspectImage, reference: string, platform: string | undefined): Promise<ImageInspect> {
  const shown = await inspect(reference);
  if (platform === undefined || matchesPlatform(platform, parsePlatform(shown.platform))) return shown;
  return inspect(reference, platform).catch((error: unknown) => {
    // "was found but does not provide the specified platform"
    if (isCaissonError(error, "DAEMON_ERROR") && error.facts.status === 404) return shown;
    throw error;
  });
}

export async function pushImage(parts: TransferParts, reference: string, options: PushOptions): Promise<{ readonly digest: string }> {
  const { client, environment, inspect } = parts;
  const image = await inspect(reference);
  if (
    isImageId(reference) &&
    !image.references.some((name) => repositoryAndTag(name).repository === repositoryAndTag(reference).repository)
  )
    throw optionError("reference", reference, "a name: an id says nothing about where to push to");
  const { repository, tag, domain } = repositoryAndTag(reference);
  const credentials = await credentialsFor(domain, options.auth, environment);
  const request: DockerRequest = {
    doing: `Pushing ${reference}`,
    image: reference,
    registry: { registry: domain, reference, credentials: credentials.source },
    query: { tag, tlsVerify: tlsVerify(domain) },
    headers: { "x-registry-auth": credentials.header },
    signal: options.signal,
  };
  let digest: string | undefined;
  for await (const line of answerLines(client, await client.stream("POST", `/images/${repository}/push`, request), request)) {
    const progress = transferProgress(line, reference);
    if (progress) options.progress?.(progress);
    digest = digestOf(line.aux) ?? /digest: (sha256:[0-9a-f]{64})/.exec(line.status ?? "")?.[1] ?? digest;
  }
  digest ??= (await inspect(reference)).repoDigests.find((name) => name.startsWith(`${reference.replace(/:[^:/]+$/, "")}@`))?.split("@")[1];
  if (digest !== undefined) return { digest };
  throw client.failure(new Error("the daemon ended without saying which digest the image has there"), request);
}

function digestOf(aux: unknown): string | undefined {
  const { Digest } = (aux ?? {}) as { Digest?: unknown };
  return typeof Digest === "string" ? Digest : undefined;
}

/** Podman must be told what Docker takes for granted: that a registry on the loopback address may speak plain HTTP. */
function tlsVerify(domain: string): boolean | undefined {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(domain) ? false : undefined;
}

function offlineError(reference: string): CaissonError<"IMAGE_NOT_FOUND"> {
  return new CaissonError("IMAGE_NOT_FOUND", `There is no image ${reference} at the daemon, and CAISSON_OFFLINE forbids to ask for it`, {
    facts: { reference },
  });
}
