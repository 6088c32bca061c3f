/** What registries answer and how connections fail, in the user's terms. Pure. */
import { CaissonError } from "../../../errors.js";

/** An answer that is no success. */
export interface RegistryAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs?: number | undefined;
}

/** What was asked for: for messages. */
export interface RegistryContext {
  readonly registry: string;
  /** E.g. `docker.io/library/postgres:16`. */
  readonly reference: string;
  /** E.g. `manifest` or `blob sha256:...`. */
  readonly what: string;
  /** Where credentials were looked for. */
  readonly credentials: string;
}

/** Failures of a connection that a second attempt won't mend. */
const FINAL_ERRORS = new Set(["ENOTFOUND", "ERR_INVALID_URL", "UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"]);

export function answerFailure(answer: RegistryAnswer, context: RegistryContext): CaissonError {
  const { registry, reference, what, credentials } = context;
  const { status, retryAfterMs } = answer;
  const evidence = explain(answer.body);
  if (status === 429) {
    return new CaissonError("REGISTRY_RATE_LIMITED", `${registry} limits the rate of requests (429) for ${reference}`, {
      facts: { registry, retryAfterMs },
      evidence: retryAfterMs === undefined ? evidence : [...evidence, `It asks to wait for ${Math.ceil(retryAfterMs / 1000)} s`],
      remedy: "Log in to the registry, or name a mirror in CAISSON_REGISTRY_MIRRORS.",
    });
  }
  if ((status === 401 || status === 403) && what === "login") {
    return new CaissonError("REGISTRY_UNAUTHORIZED", `${registry} does not take these credentials (${status})`, {
      facts: { registry, status, credentials },
      evidence,
      remedy: "Check the user name and the password.",
    });
  }
  if (status === 401 || status === 403) {
    return new CaissonError("REGISTRY_UNAUTHORIZED", `${registry} refuses access to ${reference} (${status})`, {
      facts: { registry, status, credentials },
      evidence: [...evidence, `credentials: ${credentials}`],
      remedy:
        "Check the name: registries answer the same for a repository that doesn't exist. If it is private, log in with `caisson login` or `docker login`.",
    });
  }
  if (status === 404) {
    return new CaissonError("IMAGE_NOT_FOUND", `${registry} has no ${what === "manifest" ? reference : `${what} of ${reference}`}`, {
      facts: { reference, registry },
      evidence,
    });
  }
  return new CaissonError("REGISTRY_ERROR", `${registry} answers ${status} to the request for the ${what} of ${reference}`, {
    facts: { registry, status },
    evidence,
  });
}

export function connectionFailure(error: unknown, attempts: number, { registry, reference }: RegistryContext): CaissonError {
  return new CaissonError("REGISTRY_UNREACHABLE", `${registry} can't be reached for ${reference}: ${reasonOf(error)}`, {
    facts: { registry, attempts },
    cause: error,
    evidence: [`attempts: ${attempts}`],
    remedy:
      "Check the network and the proxy settings (HTTPS_PROXY), or name a mirror in CAISSON_REGISTRY_MIRRORS. Images that are here already need no registry.",
  });
}

/** Worth another attempt. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return !(code !== undefined && FINAL_ERRORS.has(code)) && !isCertificateError(code);
}

/** The other side speaks no TLS. */
export function isNoTls(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ECONNRESET" || code === "UND_ERR_SOCKET";
}

function isCertificateError(code: string | undefined): boolean {
  return code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code);
}

/** Of the error itself or of the first that it stands for. */
function codeOf(error: unknown): string | undefined {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  if (typeof code === "string") return code;
  return Array.isArray(errors) ? codeOf(errors[0]) : undefined;
}

function reasonOf(error: unknown): string {
  const { message, errors } = (error ?? {}) as { message?: unknown; errors?: unknown };
  if (typeof message === "string" && message !== "") return message;
  return Array.isArray(errors) && errors.length > 0 ? reasonOf(errors[0]) : (codeOf(error) ?? String(error));
}

/** The distribution specification's error format: `{"errors":[{"code","message","detail"}]}`. */
function explain(body: string): string[] {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    if (Array.isArray(errors)) {
      return errors.slice(0, 5).map((error: { code?: unknown; message?: unknown }) => `registry: ${error.code}: ${error.message}`);
    }
  } catch {
    // Not that format: shown as it is.
  }
  const text = body.trim().slice(0, 300);
  return text === "" ? [] : [`registry: ${text}`];
}
