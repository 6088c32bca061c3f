/** Caisson on its built-in engine, as a side of the comparison. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "../../../src/engine/engine.js";
import type { StartedContainer } from "../../../src/index.js";
import { processName, treeOf } from "../../fixtures/processes.js";
import { type BuiltStep, bindMounts, type OurSide, type Running, type StartOptions } from "../side.js";

/** With a data root of its own in `home`, so that no image of the user's makes or spoils a figure. */
export async function openCaisson(home: string): Promise<OurSide> {
  process.env["CAISSON_HOME"] = home;
  process.env["CAISSON_ENGINE"] = "builtin";
  const { Container, Wait } = await import("../../../src/index.js");
  const { closeDefaultEngine, defaultEngine } = await import("../../../src/engine/index.js");
  const engine: Engine = await defaultEngine();
  return {
    name: "Caisson",
    async importImage(reference, tar) {
      await engine.images.import(oneChunk(tar), { reference });
    },
    async start(options) {
      const container = new Container(options.image).withExposedPorts(options.port).withCommand([...options.command]);
      const { healthCheck, hostPorts, network } = options;
      if (network !== undefined) container.withNetwork(network);
      if (hostPorts !== undefined) container.withExposedHostPorts(...hostPorts);
      if (healthCheck) {
        container.withHealthCheck({ test: ["CMD-SHELL", healthCheck.line], interval: healthCheck.intervalMs });
        container.withWaitStrategy(Wait.forHealthCheck());
      }
      return running(await container.withBindMounts(bindMounts(options)).start(), options);
    },
    async pull(reference) {
      await engine.images.pull(reference);
    },
    async build(context, { noCache } = {}) {
      const names = new Map<number, string>();
      const steps: BuiltStep[] = [];
      await engine.images.build(context, {
        noCache,
        progress: (event) => {
          if (event.type === "step") names.set(event.step, event.name);
          if (event.type === "done") steps.push({ name: names.get(event.step) ?? "", durationMs: event.durationMs });
        },
      });
      return steps;
    },
    async network() {
      const { id } = await engine.networks.create();
      const { name } = await engine.networks.inspect(id);
      return { name, [Symbol.asyncDispose]: () => engine.networks.remove(id) };
    },
    async startIdle(image, networkMode) {
      const started = await new Container(image).withCommand(["sleep", "60"]).withExposedPorts().withNetworkMode(networkMode).start();
      return { stop: async () => void (await started.stop()) };
    },
    helpers: supervisors,
    sessionDirectory: () => onlySession(home),
    [Symbol.asyncDispose]: () => closeDefaultEngine(),
  };
}

async function* oneChunk(bytes: Buffer): AsyncIterable<Uint8Array> {
  yield bytes;
}

function running(started: StartedContainer, options: StartOptions): Running {
  const exec = async (command: readonly string[]): Promise<string> => {
    const { exitCode, output } = await started.exec([...command]);
    if (exitCode !== 0) throw new Error(`${command.join(" ")} exited with ${exitCode}: ${output}`);
    return output;
  };
  return {
    name: started.getName(),
    address: options.network === undefined ? undefined : started.getIpAddress(options.network),
    host: "127.0.0.1",
    mappedPort: started.getMappedPort(options.port),
    exec,
    hostAddress: async () => (await exec(["grep", "host.caisson.internal", "/etc/hosts"])).split(/\s/)[0] ?? "",
    async stop() {
      await started.stop();
    },
    async processes() {
      const { pid } = (await started.inspect()).state;
      return [pid, ...(await supervisors())];
    },
  };
}

/** The supervisor and its warden, by the names that they give themselves. */
async function supervisors(): Promise<number[]> {
  const below = await treeOf(process.pid);
  const names = await Promise.all(below.map(processName));
  return below.filter((_, index) => names[index]?.startsWith("caisson-"));
}

async function onlySession(home: string): Promise<string> {
  const [session, ...more] = await readdir(join(home, "sessions"));
  if (session === undefined || more.length > 0) throw new Error(`expected one session below ${home}`);
  return join(home, "sessions", session);
}
