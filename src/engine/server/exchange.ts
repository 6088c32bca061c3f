/** One request and its answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { Fields, parseJson } from "../docker-api/json-fields.js";
import { drained } from "../drained.js";
import { HttpFailure } from "./http-failure.js";

/** The longest body that is read as JSON, in bytes: many times what any client sends. */
const JSON_MAX = 4 << 20;

export interface ExchangeParts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the path has in the places of the route's names. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Minor version of the API. */
  readonly version: number;
  readonly query: URLSearchParams;
  /** What follows the headers. */
  readonly body: Readable;
  /** Takes the connection over, with what has come of it already. @param upgrade answers `101` instead of `200` */
  readonly takeOver: () => Duplex;
  /** The client asked for another protocol on this connection. */
  readonly upgrade: boolean;
}

export class Exchange {
  readonly query: URLSearchParams;
  readonly body: Readable;
  /** Minor version of the API. */
  readonly version: number;
  readonly #parts: ExchangeParts;
  readonly #abort = new AbortController();

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.query = parts.query;
    this.body = parts.body;
    this.version = parts.version;
    parts.response.once("close", () => this.#abort.abort(new Error("the client has left")));
  }

  /** Fires when the client leaves, or has got its answer. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Of the path. */
  parameter(name: string): string {
    return this.#parts.parameters[name] ?? "";
  }

  header(name: string): string | undefined {
    const value = this.#parts.request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  text(name: string): string | undefined {
    return this.query.get(name) || undefined;
  }

  /** As moby reads flags: anything but `0`, `no`, `false`, `none` and nothing. */
  flag(name: string, fallback = false): boolean {
    const value = this.query.get(name);
    return value === null ? fallback : !["", "0", "no", "false", "none"].includes(value.trim().toLowerCase());
  }

  /** @throws HttpFailure */
  number(name: string): number | undefined {
    const value = this.query.get(name);
    if (value === null || value === "") return undefined;
    if (!/^-?\d{1,15}$/.test(value))
      throw new HttpFailure(400, `invalid value ${JSON.stringify(value)} for ${name}: expected a whole number`);
    return Number(value);
  }

  /** The body as JSON; an empty one reads as an object without fields. @throws HttpFailure, MalformedBody */
  async json(): Promise<Fields> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > JSON_MAX) throw new HttpFailure(413, `request body too large: more than ${JSON_MAX} bytes`);
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString().trim();
    if (text === "") return new Fields(undefined);
    const type = this.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
    if (type !== undefined && type !== "application/json")
      throw new HttpFailure(400, `unsupported Content-Type header (${type}): must be 'application/json'`);
    return new Fields(parseJson(text));
  }

  send(status: number, json: unknown, headers: Readonly<Record<string, string>> = {}): void {
    const text = `${JSON.stringify(json)}\n`;
    this.#head(status, { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)), ...headers });
    this.#parts.response.end(text);
  }

  empty(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#head(status, { ...(status === 204 || status === 304 ? {} : { "content-length": "0" }), ...headers });
    this.#parts.response.end();
  }

  plain(text: string, headers: Readonly<Record<string, string>> = {}): void {
    this.#head(200, { "content-type": "text/plain; charset=utf-8", "content-length": String(Buffer.byteLength(text)), ...headers });
    this.#parts.response.end(text);
  }

  /** An answer that comes in pieces; its headers go out at once. */
  stream(contentType: string, headers: Readonly<Record<string, string>> = {}): OutputStream {
    const { response } = this.#parts;
    this.#head(200, { "content-type": contentType, ...headers });
    response.flushHeaders();
    return new OutputStream(response);
  }

  /** An answer of JSON objects, a line each. */
  lines(): JsonLines {
    return new JsonLines(
      () => this.stream("application/json"),
      () => this.answered,
    );
  }

  get answered(): boolean {
    return this.#parts.response.headersSent;
  }

  /** The client asked for another protocol on this connection. */
  get upgrade(): boolean {
    return this.#parts.upgrade;
  }

  /**
   * The connection itself from here on (attach, exec).
   * @param contentType of an answer to a client that asked for another protocol
   * @param protocol that such a client gets
   */
  hijack(contentType: string, protocol = "tcp"): Duplex {
    const { upgrade, takeOver } = this.#parts;
    const type = upgrade ? contentType : "application/vnd.docker.raw-stream";
    const status = upgrade ? "101 UPGRADED" : "200 OK";
    const socket = takeOver();
    socket.once("close", () => this.#abort.abort(new Error("the client has left")));
    socket.write(`HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n${upgrade ? `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n` : ""}\r\n`);
    return socket;
  }

  #head(status: number, headers: Readonly<Record<string, string>>): void {
    this.#parts.response.writeHead(status, { ...headers });
  }
}

/** Writes no faster than the client reads. */
export class OutputStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** @returns false once the client has left */
  async write(data: Uint8Array | string): Promise<boolean> {
    const response = this.#response;
    if (response.destroyed) return false;
    if (!response.write(data)) await drained(response);
    return !response.destroyed;
  }

  end(): void {
    this.#response.end();
  }

  /** Breaks it off, so that nobody takes what came for all there is. */
  destroy(): void {
    this.#response.destroy();
  }
}

/** The answer begins with its first line: a failure before that has a status of its own. */
export class JsonLines {
  readonly #open: () => OutputStream;
  readonly #answered: () => boolean;
  #output: OutputStream | undefined;

  constructor(open: () => OutputStream, answered: () => boolean) {
    this.#open = open;
    this.#answered = answered;
  }

  get begun(): boolean {
    return this.#answered();
  }

  begin(): void {
    this.#output ??= this.#open();
  }

  async write(value: unknown): Promise<void> {
    this.begin();
    await this.#output!.write(`${JSON.stringify(value)}\r\n`);
  }

  end(): void {
    this.begin();
    this.#output!.end();
  }
}
