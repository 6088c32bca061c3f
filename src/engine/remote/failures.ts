/** What goes wrong between a daemon and its client, as errors of the contract. Pure. */
import { CaissonError } from "../errors.js";
import { knownFailure } from "./failure-rules.js";
import type { RequestFacts } from "./request-facts.js";

export function apiFailure(request: RequestFacts, status: number, message: string): CaissonError {
  const { doing } = request;
  const evidence = message === "" ? [] : [`The daemon: ${message}`];
  const facts = { doing, status, message };
  return knownFailure(message, request) ?? new CaissonError("DAEMON_ERROR", `${doing}: the daemon answered ${status}`, { facts, evidence });
}

/** Nobody answers, or not the API. */
export function connectionFailure(address: string, cause: unknown): CaissonError<"ENGINE_UNAVAILABLE"> {
  const reason = reasonOf(cause);
  const remedy = remedyOf(cause);
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

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === "" ? codeOf(cause) || cause.name : cause.message;
}

function codeOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

function remedyOf(cause: unknown): string | undefined {
  const code = codeOf(cause);
  if (code === "EACCES") return "Join the group that the socket belongs to (often `docker`), or use another daemon.";
  if (code === "ENOENT" || code === "ECONNREFUSED") return "Start the daemon, or set DOCKER_HOST to where it listens.";
  if (code.includes("CERT")) return "Set DOCKER_CERT_PATH to the directory of ca.pem, cert.pem and key.pem.";
  return undefined;
}
