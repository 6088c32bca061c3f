/** HTTP to registries and for what builds fetch, over undici, which is loaded with the first request. Knows redirects and schemes alone. */
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { isLoopback } from "./loopback.js";
import { unlessAborted } from "./unless-aborted.js";

const MAX_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 60_000;
/** Between two pieces of a body. A download that stalls for longer is resumed on a new connection. */
const BODY_TIMEOUT_MS = 30_000;

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Buffer | Readable | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** After redirects. */
  readonly url: string;
  readonly body: Dispatcher.ResponseData["body"];
}

export class HttpClient {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }

  /** Rejects with undici's or the system's error when there is no answer, with ABORTED when the signal fires. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    const { request: send } = await import("undici");
    let { url, headers = {} } = request;
    for (let hop = 0; ; hop++) {
      const dispatcher = await this.#dispatcher(new URL(url), request.insecure ?? false);
      const sent = send(url, {
        method: request.method,
        headers: { "user-agent": "caisson", ...headers },
        body: request.body ?? null,
        signal: request.signal ?? null,
        dispatcher,
      });
      // undici looks at the signal once it is connected, which a silent server may put off until the time-out.
      const response = await unlessAborted(sent, request.signal, "request");
      const answer = { status: response.statusCode, headers: flatten(response.headers), url, body: response.body };
      const { location } = answer.headers;
      const redirected = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined && request.body === undefined;
      if (!redirected || hop === MAX_REDIRECTS) return answer;
      await response.body.dump();
      const target = new URL(location, url);
      // Object stores behind registries must not see the registry's token, and refuse requests that carry one.
      if (target.origin !== new URL(url).origin) headers = withoutAuthorization(headers);
      url = target.href;
    }
  }

  async close(): Promise<void> {
    const open = [...this.#dispatchers.values()];
    this.#dispatchers.clear();
    await Promise.all(open.map(async (dispatcher) => (await dispatcher).destroy()));
  }

  /** Loopback hosts are never reached through a proxy. */
  #dispatcher(url: URL, insecure: boolean): Promise<Dispatcher> {
    const direct = isLoopback(url.host) || !this.#hasProxy();
    const key = `${direct} ${insecure}`;
    let dispatcher = this.#dispatchers.get(key);
    if (!dispatcher) {
      dispatcher = this.#make(direct, insecure);
      this.#dispatchers.set(key, dispatcher);
    }
    return dispatcher;
  }

  async #make(direct: boolean, insecure: boolean): Promise<Dispatcher> {
    const { Agent, EnvHttpProxyAgent } = await import("undici");
    const options = {
      connect: { timeout: CONNECT_TIMEOUT_MS, ...(insecure ? { rejectUnauthorized: false } : {}) },
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: BODY_TIMEOUT_MS,
    };
    if (direct) return new Agent(options);
    const environment = this.#environment;
    const httpProxy = environment["http_proxy"] ?? environment["HTTP_PROXY"];
    const httpsProxy = environment["https_proxy"] ?? environment["HTTPS_PROXY"];
    const noProxy = environment["no_proxy"] ?? environment["NO_PROXY"];
    return new EnvHttpProxyAgent({
      ...options,
      ...(httpProxy ? { httpProxy } : {}),
      ...(httpsProxy ? { httpsProxy } : {}),
      ...(noProxy ? { noProxy } : {}),
    });
  }

  #hasProxy(): boolean {
    return ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"].some((name) => this.#environment[name]);
  }
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]));
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
}
