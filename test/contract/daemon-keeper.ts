/**
 * The daemons that the contract suite is put to: each is started when the first file asks for it, lent to one file at a time, and stopped
 * when the run ends. (A set-up of Vitest's: it runs in the main process, the files in workers.)
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { makeCertificates } from "../fixtures/certificates.js";
import { Cleanup } from "../fixtures/cleanup.js";
import { startDockerd } from "../fixtures/dockerd.js";
import { startPodman } from "../fixtures/podman.js";
import { startSshServer } from "../fixtures/ssh-server.js";
import type { DaemonAccess, DaemonName } from "./daemons.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Path of the socket on which daemons are lent. */
    daemons: string;
  }
}

export default async function keepDaemons(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(tmpdir(), "caisson-daemons-"));
  const cleanup = new Cleanup();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const lenders: Readonly<Record<DaemonName, Lender>> = {
    dockerd: new Lender(() => startDocker(directory, cleanup)),
    podman: new Lender(async () => {
      const podman = await startPodman(path.join(directory, "podman"));
      cleanup.defer(() => podman[Symbol.asyncDispose]());
      return { host: podman.host };
    }),
  };
  const server = createServer((borrower) => {
    borrower.once("data", (name) => lenders[String(name) as DaemonName].lend(borrower));
    borrower.on("error", () => borrower.destroy());
  });
  const socket = path.join(directory, "socket");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanup.defer(() => server.close());
  project.provide("daemons", socket);
  return () => cleanup[Symbol.asyncDispose]();
}

/** Gives its daemon to whoever asks first, until that connection ends. */
class Lender {
  readonly #start: () => Promise<DaemonAccess>;
  #started: Promise<DaemonAccess> | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(start: () => Promise<DaemonAccess>) {
    this.#start = start;
  }

  lend(borrower: Socket): void {
    const turn = this.#turn;
    this.#turn = new Promise((resolve) => borrower.once("close", () => void turn.then(resolve)));
    const answer = async (): Promise<object> => {
      await turn;
      this.#started ??= this.#start();
      return this.#started.catch((error: unknown) => ({ error: String(error) }));
    };
    void answer().then((access) => borrower.write(`${JSON.stringify(access)}\n`));
  }
}

/** One dockerd for its socket, for TLS and for ssh. */
async function startDocker(directory: string, cleanup: Cleanup): Promise<DaemonAccess> {
  const certificates = await makeCertificates(path.join(directory, "certificates"));
  const dockerd = await startDockerd(path.join(directory, "docker"), { certificates });
  cleanup.defer(() => dockerd[Symbol.asyncDispose]());
  const ssh = await startSshServer(path.join(directory, "ssh"), { DOCKER_HOST: dockerd.host });
  cleanup.defer(() => ssh[Symbol.asyncDispose]());
  return {
    host: dockerd.host,
    tls: { host: dockerd.tlsHost ?? "", certificates: certificates.client },
    ssh: { host: ssh.url, path: ssh.environment["PATH"] ?? "" },
  };
}
