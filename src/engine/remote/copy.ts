/** Copies between a container's file system and tar streams. */
import type { Readable } from "node:stream";
import type { CopyInOptions } from "../engine.js";
import { CaissonError, isCaissonError, throwIfAborted } from "../errors.js";
import { containerPath } from "./container-path.js";
import type { DockerClient } from "./docker-client.js";

/** @throws PATH_NOT_FOUND, COPY_FAILED, DISK_FULL, ABORTED */
export async function copyIn(
  client: DockerClient,
  container: string,
  tar: AsyncIterable<Uint8Array>,
  { path, noOverwriteDirNonDir, keepOwner, containerUser, signal }: CopyInOptions,
): Promise<void> {
  // The API keeps owners, or takes the container's user.
  const toRoot = keepOwner === false && !containerUser;
  const body = toRoot ? (await import("../build-context/owned-tar.js")).ownedTar(tar, { uid: 0, gid: 0 }) : tar;
  // Podman would give all to the container's user unless it is told not to.
  const query = { path, noOverwriteDirNonDir, copyUIDGID: containerUser ?? false };
  const request = { doing: `Copying to ${container}:${path}`, container, copy: path, signal, body };
  try {
    await client.status("PUT", containerPath(container, "/archive"), { ...request, query });
  } catch (error) {
    throw copyFailure(error, container, path);
  }
}

/** @throws PATH_NOT_FOUND, COPY_FAILED, ABORTED */
export async function copyOut(client: DockerClient, container: string, path: string, signal: AbortSignal | undefined): Promise<Readable> {
  const request = { doing: `Copying from ${container}:${path}`, container, copy: path, signal };
  try {
    return (await client.stream("GET", containerPath(container, "/archive"), { ...request, query: { path } })).body;
  } catch (error) {
    throw copyFailure(error, container, path);
  }
}

/** @throws COPY_FAILED, ABORTED */
export async function exportFiles(client: DockerClient, container: string, signal: AbortSignal | undefined): Promise<Readable> {
  throwIfAborted("export", signal);
  const request = { doing: `Exporting container ${container}`, container, signal };
  try {
    return (await client.stream("GET", containerPath(container, "/export"), request)).body;
  } catch (error) {
    throw copyFailure(error, container, "/");
  }
}

function copyFailure(error: unknown, container: string, path: string): unknown {
  if (!isCaissonError(error, "DAEMON_ERROR")) return error;
  if (error.facts.status === 404)
    return new CaissonError("PATH_NOT_FOUND", `${container}:${path}: no such file or directory`, {
      facts: { path },
      evidence: error.evidence,
      cause: error,
    });
  return new CaissonError("COPY_FAILED", `Copying ${container}:${path} failed`, {
    facts: { path },
    evidence: error.evidence,
    cause: error,
  });
}
