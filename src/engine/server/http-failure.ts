/** What goes wrong in a request, as status and text. The texts are moby's where clients look for words in them. */

import { MalformedBody } from "../docker-api/json-fields.js";
import { type CaissonError, errorSummary, isCaissonError } from "../errors.js";

/** An answer other than success: `{"message": ...}` with this status. */
export class HttpFailure extends Error {
  override readonly name = "HttpFailure";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @param error of any kind; one that nobody expected is the server's fault */
export function asHttpFailure(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  if (error instanceof MalformedBody) return new HttpFailure(400, error.message);
  if (isCaissonError(error)) return failureOf(error);
  return new HttpFailure(500, error instanceof Error ? error.message : String(error));
}

function failureOf(error: CaissonError): HttpFailure {
  const text = TEXTS[error.code as keyof typeof TEXTS] as ((facts: unknown, error: CaissonError) => string) | undefined;
  return new HttpFailure(STATUS[error.code] ?? 500, text?.(error.facts, error) ?? describe(error));
}

function describe(error: CaissonError): string {
  const { detail, remedy } = errorSummary(error);
  return [detail, ...error.evidence, ...(remedy === undefined ? [] : [remedy])].join("\n");
}

const STATUS: Readonly<Partial<Record<CaissonError["code"], number>>> = {
  ABORTED: 499,
  BUILD_CHECKS_FAILED: 400,
  COMMAND_NOT_EXECUTABLE: 400,
  COMMAND_NOT_FOUND: 400,
  CONTAINER_NAME_TAKEN: 409,
  CONTAINER_NOT_FOUND: 404,
  CONTAINER_NOT_PAUSED: 500,
  CONTAINER_NOT_RUNNING: 409,
  CONTAINER_PAUSED: 409,
  CONTAINER_RUNNING: 409,
  DOCKERFILE_INVALID: 400,
  IMAGE_ARCHIVE_INVALID: 400,
  IMAGE_IN_USE: 409,
  IMAGE_NOT_FOUND: 404,
  IMAGE_PLATFORM_MISSING: 404,
  IMAGE_REFERENCE_INVALID: 400,
  LAYER_INVALID: 400,
  NETWORK_ADDRESS_TAKEN: 403,
  NETWORK_ALREADY_CONNECTED: 403,
  NETWORK_IN_USE: 403,
  NETWORK_NAME_TAKEN: 409,
  NETWORK_NOT_CONNECTED: 500,
  NETWORK_NOT_FOUND: 404,
  OPTION_INVALID: 400,
  PATH_NOT_FOUND: 404,
  REGISTRY_UNAUTHORIZED: 401,
  UNSUPPORTED: 501,
  VOLUME_IN_USE: 409,
  VOLUME_NAME_TAKEN: 409,
  VOLUME_NOT_FOUND: 404,
};

const OCI =
  "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process";

/** Only what clients match on (docker's command line, testcontainers); every other error speaks for itself. */
const TEXTS = {
  CONTAINER_NOT_FOUND: ({ container }: { container: string }) => `No such container: ${container}`,
  CONTAINER_NAME_TAKEN: ({ name, containerId }: { name: string; containerId: string }) =>
    `Conflict. The container name "/${name}" is already in use by container "${containerId}". You have to remove (or rename) that container to be able to reuse that name.`,
  CONTAINER_NOT_RUNNING: ({ containerId }: { containerId: string }) => `container ${containerId} is not running`,
  IMAGE_NOT_FOUND: ({ reference }: { reference: string }) => `No such image: ${tagged(reference)}`,
  NETWORK_NOT_FOUND: ({ network }: { network: string }) => `network ${network} not found`,
  NETWORK_NAME_TAKEN: ({ name }: { name: string }) => `network with name ${name} already exists`,
  VOLUME_NOT_FOUND: ({ volume }: { volume: string }) => `get ${volume}: no such volume`,
  // The command line makes exit codes of these words: 127 and 126.
  COMMAND_NOT_FOUND: ({ command, path }: { command: string; path?: string }) =>
    `${OCI}: exec: "${command}": ${command.includes("/") && path === undefined ? `stat ${command}: no such file or directory` : "executable file not found in $PATH"}: unknown`,
  COMMAND_NOT_EXECUTABLE: ({ command, errno }: { command: string; errno: string }) =>
    `${OCI}: exec: "${command}": ${errno === "EISDIR" ? "is a directory" : errno === "ENOEXEC" ? "exec format error" : "permission denied"}: unknown`,
};

function tagged(reference: string): string {
  const last = reference.slice(reference.lastIndexOf("/") + 1);
  return /[:@]/.test(last) || /^[0-9a-f]{12,64}$/.test(reference) ? reference : `${reference}:latest`;
}
