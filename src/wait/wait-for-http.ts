/** `Wait.forHttp()`: ready when a request to a published port gets the answer that is expected. */
import type { Dispatcher } from "undici";
import { optionError } from "../engine/errors.js";
import { pollUntil } from "./poll.js";
import { checkMilliseconds, type WaitAttempt, WaitFailure, WaitStrategy } from "./wait-strategy.js";

const DEFAULT_READ_TIMEOUT_MS = 1000;

export class HttpWait extends WaitStrategy {
  readonly #path: string;
  readonly #port: number;
  readonly #statuses: ((status: number) => boolean)[] = [];
  readonly #bodies: ((body: string) => boolean)[] = [];
  readonly #headers: Record<string, string> = {};
  #method: Dispatcher.HttpMethod = "GET";
  #readTimeoutMs = DEFAULT_READ_TIMEOUT_MS;
  #tls = false;
  #insecure = false;

  /** @param port of the container @throws OPTION_INVALID */
  constructor(path: string, port: number) {
    super();
    if (!path.startsWith("/")) throw optionError("path", path, "a path that begins with /");
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw optionError("port", port, "a port number");
    this.#path = path;
    this.#port = port;
  }

  get description(): string {
    return `${this.#method} ${this.#tls ? "https" : "http"}://…:${this.#port}${this.#path}`;
  }

  /** Ready with this status. Several calls allow several. @default any 2xx */
  forStatusCode(statusCode: number): this {
    this.#statuses.push((status) => status === statusCode);
    return this;
  }

  forStatusCodeMatching(predicate: (statusCode: number) => boolean): this {
    this.#statuses.push(predicate);
    return this;
  }

  /** Ready only if the body pleases, too. */
  forResponsePredicate(predicate: (body: string) => boolean): this {
    this.#bodies.push(predicate);
    return this;
  }

  withMethod(method: string): this {
    this.#method = method.toUpperCase() as Dispatcher.HttpMethod;
    return this;
  }

  withHeaders(headers: Readonly<Record<string, string>>): this {
    Object.assign(this.#headers, headers);
    return this;
  }

  withBasicCredentials(username: string, password: string): this {
    return this.withHeaders({ authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` });
  }

  /** Milliseconds for one answer. @default 1,000 */
  withReadTimeout(readTimeoutMs: number): this {
    this.#readTimeoutMs = checkMilliseconds("readTimeout", readTimeoutMs);
    return this;
  }

  usingTls(): this {
    this.#tls = true;
    return this;
  }

  /** Accepts a certificate that nobody vouches for. */
  allowInsecure(): this {
    this.#insecure = true;
    return this;
  }

  override async waitUntilReady({ target, signal, step }: WaitAttempt): Promise<void> {
    const published = target.ports.find(({ containerPort, protocol }) => containerPort === this.#port && protocol === "tcp");
    if (!published) {
      throw new WaitFailure(`port ${this.#port} is not published`, { remedy: `Call withExposedPorts(${this.#port}).` });
    }
    const host = target.host.includes(":") ? `[${target.host}]` : target.host;
    const url = `${this.#tls ? "https" : "http"}://${host}:${published.hostPort}${this.#path}`;
    const { Agent, request } = await import("undici");
    // One connection a try: a server that restarts during its start would take kept ones with it.
    const dispatcher = new Agent({ pipelining: 0, connect: { rejectUnauthorized: !this.#insecure, timeout: this.#readTimeoutMs } });
    try {
      await pollUntil(
        async () => {
          const limited = AbortSignal.any([signal, AbortSignal.timeout(this.#readTimeoutMs)]);
          try {
            const { statusCode, body } = await request(url, { method: this.#method, headers: this.#headers, dispatcher, signal: limited });
            return this.#judge(statusCode, await body.text(), step);
          } catch (error) {
            signal.throwIfAborted();
            step(`no answer: ${(error as Error).message || String((error as NodeJS.ErrnoException).code)}`);
            return false;
          }
        },
        { signal },
      );
    } finally {
      await dispatcher.destroy();
    }
  }

  #judge(status: number, body: string, step: (line: string) => void): boolean {
    const good = this.#statuses.length > 0 ? this.#statuses.some((predicate) => predicate(status)) : status >= 200 && status < 300;
    if (!good) step(`status ${status}`);
    else if (!this.#bodies.every((predicate) => predicate(body))) step(`status ${status}, but another body (${body.length} characters)`);
    else return true;
    return false;
  }
}
