/** One daemon: requests in the negotiated version, JSON in and out, byte streams, and hijacked connections. */
import { type Duplex, Readable } from "node:stream";
import type { Dispatcher, Pool } from "undici";
import { abortError, CaissonError, throwIfAborted } from "../errors.js";
import { type DockerHost, dockerHostText } from "./docker-host.js";
import { apiFailure, connectionFailure, lostDaemon } from "./failures.js";
import { hijack } from "./hijack.js";
import type { RequestFacts } from "./request-facts.js";
import { openTransport, type TlsFiles, type Transport } from "./transport/transport.js";

/** Of the API: what this client speaks. A daemon of 1.24 is that of Docker 1.12. */
const OLDEST = "1.24";
const NEWEST = "1.51";
const SKEW_MS = 2000;
/** The precise clock runs on its own, and is left behind where somebody sets the other one. */
const CLOCKS_AGREE_MS = 2;
/** Of a daemon that is asked for the first time; ssh may have to shake hands twice. */
const PING_MS = 20_000;

export interface DockerRequest extends RequestFacts {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, a tar unless `headers` say otherwise. */
  readonly body?: AsyncIterable<Uint8Array> | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** What a hijacked connection becomes. @default "tcp" */
  readonly upgrade?: "tcp" | "h2c" | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DockerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Fails as requests do. */
  readonly body: Readable;
}

export interface DockerClientOptions {
  readonly host: DockerHost;
  readonly tls?: TlsFiles | undefined;
  /** For the programs that a transport runs. @default process.env */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

export class DockerClient {
  readonly host: DockerHost;
  readonly tls: TlsFiles | undefined;
  readonly #transport: Transport;
  readonly #pool: Pool;
  #version = OLDEST;
  #podman = false;
  #product: string | undefined;
  /** How far the daemon's clock is ahead of ours. */
  #aheadMs = 0;

  private constructor({ host, tls, environment = process.env }: DockerClientOptions) {
    this.host = host;
    this.tls = tls;
    this.#transport = openTransport(host, tls, environment);
    this.#pool = this.#transport.pool;
  }

  /** Asks the daemon for its version. @throws ENGINE_UNAVAILABLE */
  static async open(options: DockerClientOptions): Promise<DockerClient> {
    const client = new DockerClient(options);
    try {
      client.#version = negotiate(await client.#offered(), client.address);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** As DOCKER_HOST has it. */
  get address(): string {
    return dockerHostText(this.host);
  }

  /** Of the API, as both speak it. */
  get version(): string {
    return this.#version;
  }

  speaks(version: string): boolean {
    return compareVersions(this.#version, version) >= 0;
  }

  /** Whether the daemon is Podman's service. */
  get podman(): boolean {
    return this.#podman;
  }

  /** It is `caisson serve`. */
  get ours(): boolean {
    return this.#product === "Caisson";
  }

  /** As the daemon calls itself: `Docker`, `Podman`, `Caisson`. */
  get product(): string | undefined {
    return this.#product;
  }

  /** Milliseconds since the epoch, with a fraction, as the daemon's clock has it. */
  now(): number {
    const precise = performance.timeOrigin + performance.now();
    const coarse = Date.now();
    return (Math.abs(precise - coarse) < CLOCKS_AGREE_MS ? precise : coarse) + this.#aheadMs;
  }

  /** @throws what {@link apiFailure} makes of the answer, DAEMON_UNREACHABLE, ABORTED */
  async json<T>(method: Dispatcher.HttpMethod, path: string, request: DockerRequest): Promise<T> {
    const { body } = await this.#send(method, path, request);
    try {
      const text = await body.text();
      return (text === "" ? undefined : JSON.parse(text)) as T;
    } catch (error) {
      throw this.failure(error, request);
    }
  }

  /** The answer's status, its body read and dropped: for requests whose 304 is an answer as well. */
  async status(method: Dispatcher.HttpMethod, path: string, request: DockerRequest): Promise<number> {
    const { statusCode, body } = await this.#send(method, path, request);
    await body.dump();
    return statusCode;
  }

  /** Resolves with the answer's head. */
  async stream(method: Dispatcher.HttpMethod, path: string, request: DockerRequest): Promise<DockerAnswer> {
    const { statusCode, headers, body } = await this.#send(method, path, request);
    return { status: statusCode, headers, body: Readable.from(this.#told(body, request), { objectMode: false }) };
  }

  /** The connection itself, once the daemon has agreed (attach, exec): both ways, half-closed by `end()`. */
  async hijack(path: string, request: DockerRequest): Promise<Duplex> {
    throwIfAborted(request.doing, request.signal);
    const { payload, headers } = encodeBody(request);
    try {
      const answer = await hijack(this.#pool, {
        path: this.#path(path, request.query),
        headers: { ...headers, ...request.headers },
        upgrade: request.upgrade ?? "tcp",
        body: payload as string | undefined,
        signal: request.signal,
      });
      if ("socket" in answer) return answer.socket;
      throw apiFailure(request, answer.status, messageOf(answer.text));
    } catch (error) {
      throw this.failure(error, request);
    }
  }

  /** What broke a connection, as an error of the contract. */
  failure(error: unknown, request: Pick<DockerRequest, "doing" | "signal">): CaissonError {
    if (error instanceof CaissonError) return error;
    if (request.signal?.aborted) return abortError(request.doing, request.signal);
    return lostDaemon(this.address, request, error);
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Something that listens and never answers is no daemon either. */
  async #offered(): Promise<string> {
    try {
      const { statusCode, headers, body } = await this.#pool.request({
        method: "GET",
        path: this.#prefix("/_ping"),
        signal: AbortSignal.timeout(PING_MS),
      });
      const text = (await body.text()).trim().slice(0, 200);
      // The header has whole seconds: what is less apart is no difference.
      const ahead = Date.parse(String(headers["date"])) - Date.now();
      if (Math.abs(ahead) > SKEW_MS) this.#aheadMs = ahead;
      this.#podman = headers["libpod-api-version"] !== undefined;
      this.#product = this.#podman ? "Podman" : /^\w+/.exec(String(headers["server"] ?? ""))?.[0];
      const version = headers["api-version"];
      if (statusCode === 200 && typeof version === "string") return version;
      throw new Error(`it answers /_ping with ${statusCode}${text === "" ? "" : ` ${JSON.stringify(text)}`} and no API version`);
    } catch (error) {
      throw connectionFailure(this.address, this.host.kind === "tcp" && this.host.tls ? refusedCertificate(error) : error);
    }
  }

  async #send(method: Dispatcher.HttpMethod, path: string, request: DockerRequest): Promise<Dispatcher.ResponseData> {
    throwIfAborted(request.doing, request.signal);
    const { payload, headers } = encodeBody(request);
    try {
      const answer = await this.#pool.request({
        method,
        path: this.#path(path, request.query),
        headers: headersOf({ ...headers, ...request.headers }),
        body: payload ?? null,
        signal: request.signal ?? null,
      });
      // A daemon redirects where a name is a path that leads elsewhere.
      if (answer.statusCode < 300 || answer.statusCode === 304) return answer;
      throw apiFailure(request, answer.statusCode, messageOf(await answer.body.text()));
    } catch (error) {
      throw this.failure(error, request);
    }
  }

  async *#told(body: AsyncIterable<Uint8Array>, request: DockerRequest): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw this.failure(error, request);
    }
  }

  #path(path: string, query: DockerRequest["query"] = {}): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) parameters.append(name, String(each));
    }
    return this.#prefix(`/v${this.#version}${path}${parameters.size > 0 ? `?${parameters}` : ""}`);
  }

  #prefix(path: string): string {
    return this.host.kind === "tcp" ? this.host.path + path : path;
  }
}

function encodeBody({ json, body }: DockerRequest): { payload: string | Readable | undefined; headers: Record<string, string> } {
  if (json !== undefined) return { payload: JSON.stringify(json), headers: { "content-type": "application/json" } };
  if (body === undefined) return { payload: undefined, headers: {} };
  return {
    payload: body instanceof Readable ? body : Readable.from(body, { objectMode: false }),
    headers: { "content-type": "application/x-tar" },
  };
}

function headersOf(headers: Readonly<Record<string, string | readonly string[]>>): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]));
}

/** In TLS 1.3 the server looks at the client's certificate last, and often hangs up before its reason gets through. */
function refusedCertificate(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code !== "UND_ERR_SOCKET" && code !== "ECONNRESET" && code !== "EPIPE") return error;
  return new Error("it closed the connection after the handshake: bad client certificate", { cause: error });
}

function messageOf(text: string): string {
  try {
    const { message, cause } = JSON.parse(text) as { message?: string; cause?: string };
    return message ?? cause ?? text;
  } catch {
    return text.trim();
  }
}

/** The newer of what both speak. @throws ENGINE_UNAVAILABLE */
function negotiate(offered: string, address: string): string {
  if (compareVersions(offered, OLDEST) < 0)
    throw connectionFailure(address, new Error(`the daemon speaks API ${offered}; ${OLDEST} is the oldest that is spoken here`));
  return compareVersions(offered, NEWEST) < 0 ? offered : NEWEST;
}

function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}
