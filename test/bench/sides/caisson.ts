/** Caisson on its built-in engine, as a side of the comparison. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "../../../src/engine/engine.js";
import type { StartedContainer } from "../../../src/index.js";
import { processName, treeOf } from "../peers/processes.js";
import type { BuiltStep, OurSide, Running, StartOptions } from "../side.js";

/** With a data root of its own in `home`, so that no image of the user's makes or spoils a figure. */
export async function openCaisson(home: string): Promise<OurSide> {
  process.env["CAISSON_HOME"] = home;
  process.env["CAISSON_ENGINE"] = "builtin";
  const { Container } = await import("../../../src/index.js");
  const { closeDefaultEngine, defaultEngine } = await import("../../../src/engine/index.js");
  const engine: Engine = await defaultEngine();
  return {
    name: "Caisson",
    async importImage(reference, tar) {
      await engine.images.import(oneChunk(tar), { reference });
    },
    async start(options) {
      const container = new Container(options.image).withExposedPorts(options.port).withCommand([...options.command]);
      if (options.network !== undefined) container.withNetwork(options.network);
      const mounts = (options.files ?? []).map((path) => ({ source: path, target: path, mode: "ro" as const }));
      return running(await container.withBindMounts(mounts).start(), options);
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
    helpers: supervisors,
    sessionDirectory: () => onlySession(home),
    [Symbol.asyncDispose]: () => closeDefaultEngine(),
  };
}

async function* oneChunk(bytes: Buffer): AsyncIterable<Uint8Array> {
  yield bytes;
}

function running(started: StartedContainer, options: StartOptions): Running {
  return {
    name: started.getName(),
    address: options.network === undefined ? undefined : started.getIpAddress(options.network),
    host: "127.0.0.1",
    mappedPort: started.getMappedPort(options.port),
    async exec(command) {
      const { exitCode, output } = await started.exec([...command]);
      if (exitCode !== 0) throw new Error(`${command.join(" ")} exited with ${exitCode}: ${output}`);
      return output;
    },
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
