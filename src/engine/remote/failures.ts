/** What daemons answer, as errors of the contract. The texts are moby's and Podman's. Pure. */
import { CaissonError } from "../errors.js";
import { type RegistryFacts, registryFailure } from "./images/registry-failure.js";

/** What the caller knows of its request. */
export interface RequestFacts {
  /** `"Starting container 0123456789ab"` */
  readonly doing: string;
  /** What the request is about, as it was asked for: goes into errors where the daemon's text doesn't name it. */
  readonly container?: string | undefined;
  readonly image?: string | undefined;
  readonly network?: string | undefined;
  readonly volume?: string | undefined;
  /** A path of the container. */
  readonly path?: string | undefined;
  /** The daemon asks a registry on behalf of this request. */
  readonly registry?: RegistryFacts | undefined;
}

type Rule = (message: string, request: RequestFacts, status: number) => CaissonError | undefined;

export function apiFailure(request: RequestFacts, status: number, message: string): CaissonError {
  for (const rule of RULES) {
    const error = rule(message, request, status);
    if (error) return error;
  }
  const { doing } = request;
  return new CaissonError("DAEMON_ERROR", `${doing}: the daemon answered ${status}`, {
    facts: { doing, status, message },
    evidence: evidenceOf(message),
  });
}

function evidenceOf(message: string): readonly string[] {
  return message === "" ? [] : [`The daemon: ${message}`];
}

const RULES: readonly Rule[] = [
  (message, { doing }) =>
    /no space left on device|disk quota exceeded/i.test(message)
      ? new CaissonError("DISK_FULL", `${doing}: the daemon's disk is full`, {
          facts: { path: /(?:write|mkdir|open|create) (\/[^\s:]+)/i.exec(message)?.[1] ?? "" },
          evidence: evidenceOf(message),
          remedy: "Make room at the daemon: `docker system prune`, or a larger disk for its data root.",
        })
      : undefined,
  (message, { registry }) => registry && registryFailure(message, registry),
  (message, { image }) => {
    const known =
      /no such image:?\s+"?([^"\s]+)/i.exec(message)?.[1] ??
      (/: no such image$/i.test(message) ? image : undefined) ??
      /manifest for (\S+) not found/i.exec(message)?.[1] ??
      /pull access denied for ([^,\s]+)/i.exec(message)?.[1] ??
      /image does not exist locally with the tag: (\S+)/i.exec(message)?.[1] ??
      /unable to find a name and tag match for (\S+) in/i.exec(message)?.[1] ??
      (/image not known/i.test(message) ? (/^(\S+): image not known/i.exec(message)?.[1] ?? image) : undefined);
    if (known === undefined) return undefined;
    const reference = image ?? known;
    return new CaissonError("IMAGE_NOT_FOUND", `There is no image ${reference}`, { facts: { reference }, evidence: evidenceOf(message) });
  },
  (message, request) => {
    const known =
      /no such container:?\s*"?([^"\s]+)/i.exec(message)?.[1] ??
      /no container with (?:name or ID|ID or name) "?([^"\s]+?)"?(?:[ :]|$)/i.exec(message)?.[1] ??
      /(?:container|ID) "?([^"\s]+)"? (?:in|from) database: no such container/i.exec(message)?.[1];
    if (known === undefined) return undefined;
    const container = request.container ?? known;
    return new CaissonError("CONTAINER_NOT_FOUND", `No such container: ${container}`, {
      facts: { container },
      evidence: evidenceOf(message),
    });
  },
  (message, request) => {
    const known = /network (\S+) not found/i.exec(message)?.[1] ?? /unable to find network with name or ID (\S+):/i.exec(message)?.[1];
    if (known === undefined) return undefined;
    const network = request.network ?? known;
    return new CaissonError("NETWORK_NOT_FOUND", `No such network: ${network}`, { facts: { network }, evidence: evidenceOf(message) });
  },
  (message, request) => {
    const known = /get (\S+): no such volume/i.exec(message)?.[1] ?? /no (?:such )?volume(?: with name)? "?([^"\s]+)"?/i.exec(message)?.[1];
    if (known === undefined) return undefined;
    const volume = request.volume ?? known;
    return new CaissonError("VOLUME_NOT_FOUND", `No such volume: ${volume}`, { facts: { volume }, evidence: evidenceOf(message) });
  },
  (message) => {
    const [, name] = /container name "\/?([^"]+)" is already in use/i.exec(message) ?? [];
    if (name === undefined) return undefined;
    return new CaissonError("CONTAINER_NAME_TAKEN", `The name ${name} is taken`, {
      facts: { name, containerId: /by (?:container )?"?([0-9a-f]{12,64})/.exec(message)?.[1] ?? "" },
      evidence: evidenceOf(message),
      remedy: "Remove that container, or choose another name.",
    });
  },
  (message) => {
    if (!/port is already allocated|address already in use/i.test(message)) return undefined;
    const [, hostIp = "", hostPort = "0"] = /(?:for|tcp4?6?|udp4?6?|listen \w+) ([\d.:[\]a-f]*):(\d+)/i.exec(message) ?? [];
    return new CaissonError("PORT_IN_USE", `Host port ${hostPort} is in use`, {
      facts: { hostIp, hostPort: Number(hostPort) },
      evidence: evidenceOf(message),
      remedy: "Leave the host port out to get a free one, or stop what uses it.",
    });
  },
];

/** Nobody answers, or not the API. @param remedy @default what is known to help against the cause */
export function connectionFailure(address: string, cause: unknown, remedy = remedyOf(cause)): CaissonError<"ENGINE_UNAVAILABLE"> {
  const reason = reasonOf(cause);
  return new CaissonError("ENGINE_UNAVAILABLE", `The daemon at ${address} can't be reached: ${reason}`, {
    facts: { tried: [{ engine: "remote", reason: `${address}: ${reason}`, remedy }] },
    cause,
    remedy,
  });
}

/** A daemon that answered before does not any more. */
export function lostDaemon(host: string, { doing }: RequestFacts, cause: unknown): CaissonError<"DAEMON_UNREACHABLE"> {
  const errno = codeOf(cause);
  return new CaissonError("DAEMON_UNREACHABLE", `${doing}: the connection to the daemon at ${host} broke: ${reasonOf(cause)}`, {
    facts: { host, doing, errno: /^E[A-Z0-9]+$/.test(errno) ? errno : undefined },
    cause,
    remedy: "See whether the daemon runs, and whether the way to it holds.",
  });
}

/** Of connections that were never made: Node's own words repeat the address. */
const NEVER_MADE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket",
  ECONNREFUSED: "nobody listens there",
  EACCES: "permission denied",
};

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const known = (cause as NodeJS.ErrnoException).syscall === "connect" ? NEVER_MADE[codeOf(cause)] : undefined;
  if (known !== undefined) return `${known} (${codeOf(cause)})`;
  return cause.message === "" ? codeOf(cause) || cause.name : cause.message;
}

function codeOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** Node's codes, OpenSSL's, and what Go's server says to those who speak no TLS to it. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/EACCES|EPERM/, "Join the group that the socket belongs to (often `docker`), or use another daemon."],
  [/ENOENT|ECONNREFUSED/, "Start the daemon, or set DOCKER_HOST to where it listens."],
  [
    /HTTP request to an HTTPS server/,
    "It wants TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the directory of ca.pem, cert.pem and key.pem.",
  ],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/, "It speaks no TLS there: unset DOCKER_TLS_VERIFY, or use the port on which it does."],
  [/ALTNAME/, "Use a name or address that the daemon's certificate is for."],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, "Renew the daemon's certificate, or set the clock."],
  [
    /ALERT|bad client certificate/,
    "The daemon takes no other client certificate than its own: have cert.pem and key.pem made by the authority that it trusts.",
  ],
  [/CERT|SIGNATURE|ISSUER/, "Have ca.pem be the authority that made the daemon's certificate."],
  [
    /ssh.*(Permission denied|Host key verification failed|Could not resolve)/s,
    "See that `ssh` to that host works without being asked for anything.",
  ],
];

function remedyOf(cause: unknown): string | undefined {
  const text = `${codeOf(cause)} ${reasonOf(cause)}`;
  return REMEDIES.find(([pattern]) => pattern.test(text))?.[1];
}
