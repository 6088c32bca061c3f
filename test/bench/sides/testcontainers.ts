/** testcontainers-node on a Docker daemon of our own, as a side of the comparison. */

import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PeerMissing, run } from "../../fixtures/command.js";
import type { Dockerd } from "../../fixtures/dockerd.js";
import { childrenOf, commandLine } from "../../fixtures/processes.js";
import { bindMounts, type Running, type Side, type StartOptions } from "../side.js";

const require = createRequire(import.meta.url);

/** The newest that runs on every Node that Caisson supports: 12 wants Node 22. */
const VERSION = "11.14.0";

/** The part of its types that is used here; the package itself isn't among our dependencies. */
interface Testcontainers {
  GenericContainer: new (image: string) => GenericContainer;
  Wait: { forHealthCheck(): unknown };
}
interface GenericContainer {
  withExposedPorts(...ports: number[]): this;
  withCommand(command: string[]): this;
  withBindMounts(mounts: { source: string; target: string; mode: "ro" | "rw" }[]): this;
  withHealthCheck(check: { test: [string, string]; interval: number }): this;
  withWaitStrategy(strategy: unknown): this;
  withEnvironment(environment: Record<string, string>): this;
  start(): Promise<StartedTestContainer>;
}
interface StartedTestContainer {
  getHost(): string;
  getMappedPort(port: number): number;
  getId(): string;
  exec(command: string[]): Promise<{ exitCode: number; output: string }>;
  stop(): Promise<unknown>;
}

/** Where the peer's packages are, installing them on first use. @throws PeerMissing */
export async function installTestcontainers(cache: string): Promise<string> {
  const prefix = join(cache, `testcontainers-${VERSION}`);
  try {
    createRequire(join(prefix, "package.json")).resolve("testcontainers");
  } catch {
    await mkdir(prefix, { recursive: true });
    await writeFile(join(prefix, "package.json"), JSON.stringify({ private: true, dependencies: { testcontainers: VERSION } }));
    try {
      await run("npm", ["install", "--prefix", prefix, "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]);
    } catch (error) {
      throw new PeerMissing(`testcontainers ${VERSION} can't be installed from the npm registry`, { cause: error });
    }
  }
  return prefix;
}

export async function openTestcontainers(prefix: string, dockerd: Dockerd): Promise<Side> {
  const { GenericContainer, Wait } = load(prefix, dockerd.host);
  return {
    name: `testcontainers ${VERSION}, dockerd ${dockerd.version}`,
    async importImage(reference, tar) {
      const file = join(dockerd.directory, "import.tar");
      await writeFile(file, tar);
      await dockerd.docker("import", file, reference);
    },
    async start(options) {
      const container = configure(new GenericContainer(options.image), options);
      const { healthCheck } = options;
      if (healthCheck) {
        container.withHealthCheck({ test: ["CMD-SHELL", healthCheck.line], interval: healthCheck.intervalMs });
        container.withWaitStrategy(Wait.forHealthCheck());
      }
      const started = await container.start();
      return running(started, options, dockerd);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** The same, unchanged, on a server of ours: a copy of its own, since one knows one daemon. */
export function openTestcontainersAt(prefix: string, host: string): Pick<Side, "start"> {
  for (const file of Object.keys(require.cache)) if (file.startsWith(join(prefix, "node_modules"))) delete require.cache[file];
  // Where it takes itself for a container's (/.dockerenv), it would look for published ports at the bridge's gateway.
  process.env["TESTCONTAINERS_HOST_OVERRIDE"] = "127.0.0.1";
  const { GenericContainer } = load(prefix, host);
  return {
    async start(options) {
      const started = await configure(new GenericContainer(options.image), options).start();
      return running(started, options, { docker: async () => "", pid: 0 });
    },
  };
}

/** It takes the daemon's address from the environment, once, with its first container. */
function load(prefix: string, host: string): Testcontainers {
  // Its reaper is an image that has to be pulled; leaving it out is in the peer's favour.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  process.env["DOCKER_HOST"] = host;
  return createRequire(join(prefix, "package.json"))("testcontainers") as Testcontainers;
}

function configure(container: GenericContainer, options: StartOptions): GenericContainer {
  container.withExposedPorts(options.port).withCommand([...options.command]);
  const mounts = bindMounts(options);
  return mounts.length > 0 ? container.withBindMounts(mounts) : container;
}

function running(started: StartedTestContainer, options: StartOptions, dockerd: Pick<Dockerd, "docker" | "pid">): Running {
  const mappedPort = started.getMappedPort(options.port);
  return {
    host: "127.0.0.1",
    mappedPort,
    async exec(command) {
      const { exitCode, output } = await started.exec([...command]);
      if (exitCode !== 0) throw new Error(`${command.join(" ")} exited with ${exitCode}: ${output}`);
      return output;
    },
    async stop() {
      await started.stop();
    },
    async processes() {
      const server = Number(await dockerd.docker("inspect", "--format", "{{.State.Pid}}", started.getId()));
      const proxies = await Promise.all(
        (await childrenOf(dockerd.pid)).map(async (pid) =>
          (await commandLine(pid)).includes(`-host-port ${mappedPort} `) ? pid : undefined,
        ),
      );
      return [server, ...proxies.filter((pid) => pid !== undefined)];
    },
  };
}
