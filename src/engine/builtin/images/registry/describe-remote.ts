/** What a registry has under a reference, without a layer of it. */
import type { RegistryOptions, RemoteImage } from "../../../engine.js";
import { sha256, verifyBytes } from "../../../oci/digest.js";
import { parseOciConfig } from "../../../oci/image-config.js";
import { acceptedManifests, essence } from "../../../oci/media-types.js";
import { formatPlatform } from "../../../oci/platform.js";
import { familiarName, type ImageReference } from "../../../oci/reference.js";
import { isImageIndex, parseManifest } from "../manifest.js";
import { fromRepositories } from "./from-repositories.js";
import type { Registries } from "./registries.js";
import type { Repository } from "./repository.js";

const UNKNOWN = "unknown/unknown";

/** @throws IMAGE_NOT_FOUND, REGISTRY_*, DIGEST_MISMATCH, ABORTED */
export function describeRemote(registries: Registries, reference: ImageReference, { auth, signal }: RegistryOptions): Promise<RemoteImage> {
  return fromRepositories(registries, reference, auth, (repository) => describe(repository, reference, signal));
}

async function describe(repository: Repository, reference: ImageReference, signal: AbortSignal | undefined): Promise<RemoteImage> {
  const what = `manifest of ${familiarName(reference)}`;
  const response = await repository.send({
    method: "GET",
    to: `manifests/${reference.digest ?? reference.tag ?? "latest"}`,
    what: "manifest",
    headers: { accept: acceptedManifests.join(", ") },
    expect: [200],
    signal,
  });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  const promised = reference.digest ?? response.headers["docker-content-digest"];
  if (promised) verifyBytes(bytes, promised, what);
  const mediaType = essence(response.headers["content-type"] ?? "");
  const document = parseManifest(bytes, mediaType, `the ${what}`);
  const platforms = isImageIndex(document)
    ? document.manifests.map(({ platform }) => (platform ? formatPlatform(platform) : UNKNOWN))
    : [await platformOf(repository, document.config.digest, signal)];
  return { mediaType, digest: promised ?? sha256(bytes), size: bytes.length, platforms };
}

async function platformOf(repository: Repository, digest: string, signal: AbortSignal | undefined): Promise<string> {
  const response = await repository.send({ method: "GET", to: `blobs/${digest}`, what: "configuration", expect: [200], signal });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  verifyBytes(bytes, digest, "configuration");
  return formatPlatform(parseOciConfig(bytes, digest));
}
