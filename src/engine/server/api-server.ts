/** The Docker Engine API over an engine: HTTP in, calls of the contract out. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { hostname } from "node:os";
import type { Duplex, Readable } from "node:stream";
import type { Engine } from "../engine.js";
import { version } from "../version.js";
import { ADVERTISED_VERSION } from "./api-version.js";
import { BindPolicy } from "./bind-policy.js";
import { readUpgradeBody, takeOverPlain } from "./connection.js";
import { Exchange } from "./exchange.js";
import { ExecTable } from "./exec-table.js";
import { asHttpFailure } from "./http-failure.js";
import { Router } from "./router.js";
import { routes } from "./routes/index.js";
import { ServedContainers } from "./served-containers.js";
import type { ServerContext } from "./server-context.js";

export interface ApiServerOptions {
  /** Paths of the host that clients may mount. @default every path */
  readonly bindRoots?: readonly string[] | undefined;
  /** For TCP: certificate and key of this server, and the authority of its clients. */
  readonly tls?: { readonly certificate: Buffer; readonly key: Buffer; readonly clientAuthority: Buffer | undefined } | undefined;
}

/** Headers of one request, in bytes: as much as Go's server takes is more than any client sends. */
const HEADERS_MAX = 128 << 10;
/** Between a client's requests on one connection: longer than clients keep theirs. */
const KEEP_ALIVE_MS = 120_000;

export class ApiServer {
  readonly http: Server;
  readonly #context: ServerContext;
  readonly #router: Router;
  readonly #sockets = new Set<Duplex>();
  readonly #stopListening = new AbortController();

  constructor(engine: Engine, options: ApiServerOptions = {}) {
    const id = createHash("sha256").update(`${hostname()} ${engine.name}`).digest("hex").slice(0, 32);
    this.#context = { engine, id, execs: new ExecTable(), served: new ServedContainers(engine), binds: new BindPolicy(options.bindRoots) };
    this.#router = new Router(routes(this.#context));
    this.http = this.#createServer(options);
    this.http.on("upgrade", (request, socket, head) => void this.#upgrade(request, socket, head).catch(() => socket.destroy()));
    this.http.on("connection", (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.http.on("clientError", (error: NodeJS.ErrnoException, socket) => refuse(error, socket));
    this.ended = this.#forgetRemoved().catch(() => {});
  }

  /** Resolves when the engine has ended, and there is nothing to serve. */
  readonly ended: Promise<void>;

  /** Learns of the containers that an earlier server made. */
  async takeUp(): Promise<void> {
    await this.#context.served.takeUp(this.#context.engine);
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Ends every connection. The engine stays open. */
  async close(): Promise<void> {
    this.#stopListening.abort();
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #createServer({ tls }: ApiServerOptions): Server {
    // A request may take as long as an image does to arrive; its headers may not.
    const limits = {
      maxHeaderSize: HEADERS_MAX,
      requestTimeout: 0,
      headersTimeout: 30_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    };
    const listener: RequestListener = (request, response) =>
      void this.#serve(request, response, request, false, () => takeOverPlain(request, response));
    if (!tls) return createServer(limits, listener);
    const { certificate, key, clientAuthority } = tls;
    const mutual = clientAuthority ? { ca: clientAuthority, requestCert: true, rejectUnauthorized: true } : {};
    // As Node's plain server has it: a client's half-close ends its input, and not what it reads.
    return createTlsServer({ ...limits, ...mutual, allowHalfOpen: true, cert: certificate, key, minVersion: "TLSv1.2" }, listener);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => {});
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    response.once("finish", () => socket.end());
    let body: Readable;
    try {
      body = await readUpgradeBody(request, socket, head);
    } catch (error) {
      answerFailure(response, error);
      return;
    }
    await this.#serve(request, response, body, true, () => {
      response.detachSocket(socket as never);
      return socket;
    });
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    body: Readable,
    upgrade: boolean,
    takeOver: () => Duplex,
  ): Promise<void> {
    for (const [name, value] of COMMON_HEADERS) response.setHeader(name, value);
    response.on("error", () => {});
    try {
      const [path = "", search = ""] = splitTarget(request.url ?? "");
      const { handler, parameters, version: spoken } = this.#router.match(request.method ?? "", path);
      const exchange = new Exchange({
        request,
        response,
        parameters,
        version: spoken,
        query: new URLSearchParams(search),
        body,
        upgrade,
        takeOver,
      });
      await handler(exchange);
    } catch (error) {
      answerFailure(response, error);
    } finally {
      // Nobody reads the rest: it would keep the connection from its next request.
      if (!request.complete && !upgrade && response.writableEnded) request.resume();
    }
  }

  /** What this server keeps of containers goes with them. */
  async #forgetRemoved(): Promise<void> {
    const { engine, execs, served } = this.#context;
    const events = engine.events({ type: "container", filters: { event: ["destroy"] }, signal: this.#stopListening.signal });
    for await (const { id } of events) {
      execs.forget(id);
      served.forget(id);
    }
  }
}

const COMMON_HEADERS = [
  ["Server", `Caisson/${version} (linux)`],
  ["Api-Version", ADVERTISED_VERSION],
  ["Ostype", "linux"],
  ["Docker-Experimental", "false"],
] as const;

/** Absolute addresses, too, as proxies get them. */
function splitTarget(target: string): [path: string, search: string] {
  const local = target.replace(/^https?:\/\/[^/]*/i, "");
  const at = local.indexOf("?");
  return at < 0 ? [local, ""] : [local.slice(0, at), local.slice(at + 1)];
}

function answerFailure(response: ServerResponse, error: unknown): void {
  const { status, message } = asHttpFailure(error);
  if (response.headersSent || response.destroyed || !response.socket) {
    response.destroy();
    return;
  }
  const text = `${JSON.stringify({ message })}\n`;
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

/** What is no HTTP, or too much of it. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, message] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", "request header fields too large"]
      : ["400 Bad Request", "malformed request"];
  const text = `${JSON.stringify({ message })}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
