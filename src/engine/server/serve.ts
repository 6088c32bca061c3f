/** A server on its socket, from the first connection to the last. */
import { chmod, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Engine } from "../engine.js";
import { CaissonError, optionError } from "../errors.js";
import { ApiServer, type ApiServerOptions } from "./api-server.js";
import { watchIdle } from "./idle.js";
import type { ListenAddress } from "./listen-address.js";
import { claim, type Ownership } from "./ownership.js";
import { answers } from "./socket-answers.js";

export interface ServeOptions extends ApiServerOptions {
  readonly address: ListenAddress;
  /** Listen on TCP although nobody proves who he is. @default false */
  readonly insecure?: boolean | undefined;
  /** End once there has been neither a container nor a connection for so long, in milliseconds. @default never */
  readonly idleExitMs?: number | undefined;
}

export interface RunningServer {
  /** As DOCKER_HOST takes it, with the port that was given. */
  readonly host: string;
  /** What an earlier server left and could not be taken up, a line each. */
  readonly problems: readonly string[];
  /** Resolves when nothing is left to serve: the engine has ended; with `idleExitMs` also once nobody needs it. */
  readonly idle: Promise<void>;
  /** Ends connections, then the engine, and gives socket and data root back. */
  close(): Promise<void>;
}

/** @throws SERVER_RUNNING, OPTION_INVALID */
export async function serve(engine: Engine, options: ServeOptions): Promise<RunningServer> {
  const { address, tls, insecure } = options;
  if (address.kind === "tcp" && !insecure && !tls?.clientAuthority)
    throw optionError(
      "host",
      `tcp://${address.host}:${address.port}`,
      "used with TLS and an authority of clients: who can connect has this machine",
    );
  const owned: Ownership[] = [];
  const server = new ApiServer(engine, options);
  try {
    const { root } = await engine.info();
    if (root !== undefined) owned.push(await claim(path.join(root, "server.lock"), `the data root ${root}`));
    if (address.kind === "unix") owned.push(await claim(`${address.path}.lock`, `the socket ${address.path}`));
    const problems = (await engine.resume?.()) ?? [];
    await server.takeUp();
    const host = await listen(server, address);
    for (const each of owned) await each.announce(host);
    const idle = watchIdle(engine, server, options.idleExitMs);
    return {
      host,
      problems,
      idle: Promise.race([idle.reached, server.ended]),
      async close() {
        idle.stop();
        await server.close();
        if (address.kind === "unix") await rm(address.path, { force: true });
        // The data root is the next server's once nothing runs in it any more.
        await engine.close();
        for (const each of owned) await each.release();
      },
    };
  } catch (error) {
    await server.close();
    for (const each of owned) await each.release();
    throw error;
  }
}

async function listen(server: ApiServer, address: ListenAddress): Promise<string> {
  if (address.kind === "tcp") {
    await listening(server, () => server.http.listen(address.port, address.host));
    const bound = server.http.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
    return `tcp://${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`;
  }
  await mkdir(path.dirname(address.path), { recursive: true });
  if (await answers(address.path))
    throw new CaissonError("SERVER_RUNNING", `Somebody else listens on the socket ${address.path}`, {
      facts: { what: `the socket ${address.path}`, pid: undefined },
      remedy: "Choose another socket with --host.",
    });
  await rm(address.path, { force: true }); // of a server that was killed
  // Nobody else may connect, not even between bind(2) and chmod(2).
  const before = process.umask(0o177);
  try {
    await listening(server, () => server.http.listen(address.path));
  } finally {
    process.umask(before);
  }
  await chmod(address.path, 0o600);
  return `unix://${address.path}`;
}

function listening(server: ApiServer, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.http.once("error", reject).once("listening", resolve);
    start();
  });
}
