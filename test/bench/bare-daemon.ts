/** What a container costs a daemon by itself: the three requests that no client can do without, and nothing beside them. */
import { Agent, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import type { StartOptions } from "./side.js";

export class BareDaemon implements Disposable {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });

  /** @param host `unix:///path` */
  constructor(host: string) {
    this.#socketPath = host.replace("unix://", "");
  }

  /** Creates a container, starts it and asks for its ports. @returns its id */
  async start({ image, command, port }: StartOptions): Promise<string> {
    const name = `${port}/tcp`;
    const { Id } = await this.#ask<{ Id: string }>("POST", "/containers/create", {
      Image: image,
      Cmd: command,
      ExposedPorts: { [name]: {} },
      HostConfig: { PortBindings: { [name]: [{ HostIp: "127.0.0.1" }] } },
    });
    await this.#ask("POST", `/containers/${Id}/start`);
    await this.#ask("GET", `/containers/${Id}/json`);
    return Id;
  }

  async remove(id: string): Promise<void> {
    await this.#ask("DELETE", `/containers/${id}?force=1`);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { "content-type": "application/json" };
      const sent = request({ agent: this.#agent, socketPath: this.#socketPath, method, path, headers }, resolve).once("error", reject);
      sent.end(body && JSON.stringify(body));
    });
    if ((answer.statusCode ?? 0) >= 400) throw new Error(`${method} ${path}: ${answer.statusCode} ${JSON.stringify(await json(answer))}`);
    return (answer.statusCode === 204 ? void answer.resume() : await json(answer)) as T;
  }
}
