/**
 * Connections to a daemon behind ssh. One ssh forwards the daemon's socket to one of this machine: one handshake for all connections, and
 * nothing but sshd is needed there. Where no socket can be found or forwarded (the other side's docker has a context, is Windows, or this
 * is), each connection is an ssh of its own with docker's `dial-stdio` at its other end.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { DENIED, dialStdioCommand, FOUND, findSocketCommand, forwardOptions, type SshHost, sshArguments } from "./ssh-arguments.js";
import { SshProcess } from "./ssh-process.js";

const USUAL_SOCKET = "/var/run/docker.sock";
/** Removes the directory when ssh has ended, whoever is still there then. */
const SHELL_SCRIPT = 'directory=$1; shift; ssh "$@"; status=$?; rm -rf "$directory"; exit $status';

interface Forward {
  readonly process: SshProcess;
  readonly directory: string;
  readonly socket: string;
}

type Way = { readonly forward: Forward } | { readonly forward: undefined; readonly reason: string };

export class SshTunnel {
  readonly #host: SshHost;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #dialled = new Set<SshProcess>();
  #way: Promise<Way> | undefined;
  #closed = false;

  constructor(host: SshHost, environment: NodeJS.ProcessEnv) {
    this.#host = host;
    this.#environment = environment;
  }

  /** A connection to the daemon. @throws with the words of ssh */
  async dial(): Promise<Duplex> {
    if (this.#closed) throw new Error("the tunnel is closed");
    this.#way ??= this.#find();
    this.#way.catch(() => {
      this.#way = undefined; // the next connection tries again
    });
    const way = await this.#way;
    return way.forward ? dialSocket(way.forward) : this.#dialStdio(way.reason);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const dialled = [...this.#dialled];
    for (const process of dialled) process.kill();
    await Promise.all(dialled.map(({ ended }) => ended));
    const way = await this.#way?.catch(() => undefined);
    if (way?.forward) await endForward(way.forward);
  }

  async #find(): Promise<Way> {
    if (process.platform === "win32") return { forward: undefined, reason: "" };
    const first = await this.#forward(this.#host.path ?? USUAL_SOCKET);
    const forward = "found" in first && first.found !== undefined ? await this.#forward(first.found) : first;
    if ("reason" in forward) return { forward: undefined, reason: forward.reason };
    if (!(await answers(forward))) {
      const { said } = forward.process;
      await endForward(forward);
      return { forward: undefined, reason: `its socket can't be forwarded: ${said}` };
    }
    // When the connection breaks, the next one begins anew.
    void forward.process.ended.then(() => {
      this.#way = undefined;
    });
    return { forward };
  }

  /** @returns the forward, or which socket there is instead of this one */
  async #forward(remote: string): Promise<Forward | { readonly found: string | undefined; readonly reason: string }> {
    const directory = await mkdtemp(path.join(tmpdir(), "caisson-ssh-"));
    const socket = path.join(directory, "docker.sock");
    const args = sshArguments(this.#host, forwardOptions(socket, remote), findSocketCommand(this.#host));
    const process = new SshProcess(this.#host.host, ["/bin/sh", "-c", SHELL_SCRIPT, "sh", directory, ...args], this.#environment);
    const forward = { process, directory, socket };
    process.keepAlive(true);
    try {
      const { found, denied } = await this.#answer(process);
      if (found === remote) return forward;
      await endForward(forward);
      if (found === undefined && this.#host.path !== undefined)
        throw new Error(
          denied ? `the user has no permission on ${denied} on ${this.#host.host}` : `there is no socket ${remote} on ${this.#host.host}`,
        );
      const reason = denied ? `the user has no permission on ${denied} there` : "there is no socket of Docker or Podman there";
      return { found, reason };
    } catch (error) {
      await endForward(forward);
      throw error;
    } finally {
      process.keepAlive(false);
    }
  }

  /** What the other side says before it waits, or ends. @throws where ssh doesn't get there */
  async #answer(process: SshProcess): Promise<{ readonly found?: string | undefined; readonly denied?: string | undefined }> {
    let denied: string | undefined;
    if (!process.child.stdout) throw await process.ended;
    const lines = createInterface({ input: process.child.stdout });
    for await (const line of lines) {
      const [word, socket] = line.split(" ");
      if (word === FOUND) return { found: socket };
      if (word === DENIED) denied ??= socket;
    }
    const failure = await process.ended;
    if (process.failedToConnect || process.child.pid === undefined) throw failure;
    return { denied };
  }

  async #dialStdio(reason: string): Promise<Duplex> {
    const args = sshArguments(this.#host, [], dialStdioCommand(this.#host));
    const process = new SshProcess(this.#host.host, ["ssh", ...args], this.#environment);
    const { stdin, stdout } = process.child;
    if (!stdin || !stdout) throw await process.ended;
    this.#dialled.add(process);
    const stream = Duplex.from({ readable: stdout, writable: stdin });
    stream.on("error", () => {}); // whoever uses it hears of it; until then nobody does
    process.keepAlive(true);
    void process.ended.then((failure) => {
      this.#dialled.delete(process);
      if (!stream.readableEnded || process.child.exitCode !== 0)
        stream.destroy(reason === "" ? failure : new Error(`${failure.message} (${reason})`));
    });
    stream.once("close", () => process.kill());
    return Object.assign(stream, { ref: () => process.keepAlive(true), unref: () => process.keepAlive(false) });
  }
}

function dialSocket({ socket }: Forward): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const connection = connect({ path: socket, allowHalfOpen: true }, () => {
      connection.off("error", reject);
      resolve(connection);
    });
    connection.once("error", reject);
  });
}

/** Forwarding may be forbidden there, which shows only once it is used. */
async function answers(forward: Forward): Promise<boolean> {
  const connection = await dialSocket(forward);
  return new Promise((resolve) => {
    const settle = (answered: boolean): void => {
      resolve(answered);
      connection.destroy();
    };
    connection
      .once("data", () => settle(true))
      .once("error", () => settle(false))
      .once("close", () => settle(false));
    connection.write("GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n");
  });
}

async function endForward({ process, directory }: Forward): Promise<void> {
  process.keepAlive(true);
  process.kill();
  await process.ended;
  await rm(directory, { recursive: true, force: true });
}
