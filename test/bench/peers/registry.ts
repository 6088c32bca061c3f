/** Debian's docker-registry on a free loopback port, its storage kept from run to run. */
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { findProgram, PeerMissing } from "./command.js";
import { startDaemon } from "./daemon.js";

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:port`, as references take it. */
  readonly host: string;
}

/** @throws PeerMissing */
export async function startRegistry(storage: string, scratch: string): Promise<Registry> {
  const program = await findProgram("docker-registry");
  if (program === undefined) throw new PeerMissing("docker-registry is not installed: apt-get install docker-registry");
  await mkdir(storage, { recursive: true });
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(scratch, "registry.json");
  // YAML is a superset of JSON.
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage } },
      http: { addr: host },
    }),
  );
  const daemon = await startDaemon({
    command: [program, "serve", config],
    log: join(scratch, "registry.log"),
    // It warns of spans that nobody collects unless told that nobody does.
    env: { OTEL_TRACES_EXPORTER: "none" },
    ready: async () => {
      const answer = await fetch(`http://${host}/v2/`);
      if (!answer.ok) throw new Error(`the registry answers ${answer.status}`);
    },
  });
  return { host, [Symbol.asyncDispose]: () => daemon.stop() };
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port from a listening socket");
  return address.port;
}
