/** What goes wrong between a daemon and its client, as errors of the contract. Pure. */
import { CaissonError, isCaissonError } from "../errors.js";
import { knownFailure } from "./failure-rules.js";
import type { RequestFacts } from "./request-facts.js";

export function apiFailure(request: RequestFacts, status: number, message: string): CaissonError {
  const { doing } = request;
  const evidence = message === "" ? [] : [`The daemon: ${message}`];
  const facts = { doing, status, message };
  return knownFailure(message, request) ?? new CaissonError("DAEMON_ERROR", `${doing}: the daemon answered ${status}`, { facts, evidence });
}

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

/** Podman 4 fails where a container's process ends in the middle of an inspection: "read /proc/16169/cgroup: no such process". */
export function endedMeanwhile(error: unknown): boolean {
  return isCaissonError(error, "DAEMON_ERROR") && /\/proc\/\d+\/.*: no such (process|file or directory)$/i.test(error.facts.message);
}
