/** One repository of one registry: the pull and push halves of the distribution specification, authenticated and retried. */
import type { Readable } from "node:stream";
import pRetry from "p-retry";
import type { FoundCredentials } from "../../../docker-config/credentials.js";
import { abortError, CaissonError } from "../../../errors.js";
import type { HttpClient, HttpRequest, HttpResponse } from "../../../oci/http-client.js";
import { Authenticator, TokenRefused } from "./authenticator.js";
import type { Endpoint } from "./endpoints.js";
import { answerFailure, connectionFailure, isNoTls, isTransient, type RegistryAnswer, type RegistryContext } from "./registry-errors.js";
import { retryAfterMs } from "./retry-after.js";

const RETRIES = 3;
const FIRST_DELAY_MS = 200;
/** A registry that wants more patience than this gets none. */
const LONGEST_WAIT_MS = 60_000;

export interface RepositoryOptions {
  readonly http: HttpClient;
  readonly endpoint: Endpoint;
  /** Path within the registry. */
  readonly path: string;
  /** For messages. */
  readonly reference: string;
  readonly credentials: FoundCredentials;
  readonly access: "pull" | "pull,push";
  /** What a token is for. @default the access to the repository */
  readonly scope?: string | undefined;
}

interface RepositoryRequest extends Omit<HttpRequest, "url" | "insecure"> {
  /** Below `/v2/<path>/`, or an absolute URL that the registry gave. */
  readonly to: string;
  /** For messages: `manifest`, `blob sha256:...`. */
  readonly what: string;
  /** Statuses that are answers and not failures. */
  readonly expect: readonly number[];
}

/** An answer that is no success, on its way to become the user's error. */
class Refusal extends Error {
  constructor(readonly answer: RegistryAnswer) {
    super(`status ${answer.status}`);
  }
}

export class Repository {
  readonly #options: RepositoryOptions;
  readonly #authenticator: Authenticator;
  #base: Promise<string> | undefined;

  constructor(options: RepositoryOptions) {
    this.#options = options;
    const { http, credentials, endpoint } = options;
    this.#authenticator = new Authenticator({ http, auth: credentials.auth, insecure: endpoint.insecure });
  }

  get registry(): string {
    return new URL(this.#options.endpoint.url).host;
  }

  get path(): string {
    return this.#options.path;
  }

  /**
   * Sends a request, with credentials when they are asked for, again when the failure may be passing.
   * @throws REGISTRY_UNREACHABLE, REGISTRY_UNAUTHORIZED, REGISTRY_RATE_LIMITED, REGISTRY_ERROR, IMAGE_NOT_FOUND, ABORTED
   */
  async send(request: RepositoryRequest): Promise<HttpResponse> {
    const { reference, credentials } = this.#options;
    const context: RegistryContext = { registry: this.registry, reference, what: request.what, credentials: credentials.source };
    // A stream can be read once.
    const retries = isStream(request.body) ? 0 : RETRIES;
    let attempts = 0;
    try {
      return await pRetry(
        async () => {
          attempts++;
          return await this.#attempt(request);
        },
        {
          retries,
          minTimeout: FIRST_DELAY_MS,
          randomize: true,
          ...(request.signal ? { signal: request.signal } : {}),
          shouldRetry: ({ error }) => mayPass(error),
          onFailedAttempt: async ({ error, retriesLeft }) => {
            if (retriesLeft > 0 && error instanceof Refusal && mayPass(error)) await pause(error.answer.retryAfterMs ?? 0, request.signal);
          },
        },
      );
    } catch (error) {
      if (request.signal?.aborted) throw abortError("request", request.signal);
      if (error instanceof Refusal) throw answerFailure(error.answer, context);
      if (error instanceof TokenRefused) throw answerFailure({ status: error.status, body: error.message }, context);
      if (error instanceof CaissonError) throw error;
      throw connectionFailure(error, attempts, context);
    }
  }

  async #attempt(request: RepositoryRequest): Promise<HttpResponse> {
    const { http, endpoint, path, access, scope = `repository:${path}:${access}` } = this.#options;
    this.#base ??= this.#findBase(request.signal);
    const base = await this.#base.catch((error: unknown) => {
      this.#base = undefined;
      throw error;
    });
    const url = new URL(request.to, `${base}/v2/${path}/`).href;
    // The registry's credentials are for the registry, wherever it says to send the data.
    const own = new URL(url).origin === new URL(base).origin;
    for (let asked = false; ; asked = true) {
      const authorization = own ? await this.#authenticator.header(scope, request.signal) : undefined;
      const headers = { ...request.headers, ...(authorization ? { authorization } : {}) };
      const { method, body, signal } = request;
      const response = await http.request({ method, url, headers, body, insecure: endpoint.insecure, signal });
      if (request.expect.includes(response.status)) return response;
      const refusal = new Refusal({
        status: response.status,
        body: await response.body.text(),
        retryAfterMs: retryAfterMs(response.headers["retry-after"], Date.now()),
      });
      if (response.status !== 401 || asked || isStream(body)) throw refusal;
      if (!this.#authenticator.answer(response.headers["www-authenticate"], scope)) throw refusal;
    }
  }

  /** Settles the scheme and learns, in the same request, what authentication the registry wants. */
  async #findBase(signal: AbortSignal | undefined): Promise<string> {
    const { http, endpoint } = this.#options;
    const { schemes, url, insecure } = endpoint;
    for (const [index, scheme] of schemes.entries()) {
      const base = url.replace(/^https?:/, `${scheme}:`);
      try {
        const response = await http.request({ method: "GET", url: `${base}/v2/`, insecure, signal });
        await response.body.dump();
        if (response.status === 401) this.#authenticator.answer(response.headers["www-authenticate"], "");
        return base;
      } catch (error) {
        if (index === schemes.length - 1 || !isNoTls(error)) throw error;
      }
    }
    throw new Error(`no scheme for ${url}`);
  }
}

function isStream(body: HttpRequest["body"]): body is Readable {
  return body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body);
}

function mayPass(error: unknown): boolean {
  if (error instanceof Refusal) {
    const { status, retryAfterMs: wait = 0 } = error.answer;
    return (status === 429 || status === 408 || status >= 500) && wait <= LONGEST_WAIT_MS;
  }
  if (error instanceof TokenRefused) return error.status >= 500;
  return !(error instanceof CaissonError) && isTransient(error);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 0) return;
  const { setTimeout: sleep } = await import("node:timers/promises");
  await sleep(ms, undefined, { signal, ref: true });
}
