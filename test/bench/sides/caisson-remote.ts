/** Caisson on the peer's own daemon, as a side of the comparison. */
import type { Dockerd } from "../../fixtures/dockerd.js";
import { bindMounts, type Side } from "../side.js";

/** The image is there already: the peer has imported it. */
export async function openCaissonRemote(dockerd: Dockerd): Promise<Side> {
  const { Container } = await import("../../../src/index.js");
  const { openEngine } = await import("../../../src/engine/index.js");
  const engine = await openEngine({ engine: "remote", host: dockerd.host });
  return {
    name: `Caisson, dockerd ${dockerd.version}`,
    async importImage() {},
    async start(options) {
      const container = new Container(options.image, { engine }).withExposedPorts(options.port).withCommand([...options.command]);
      const started = await container.withBindMounts(bindMounts(options)).start();
      return {
        host: started.getHost(),
        mappedPort: started.getMappedPort(options.port),
        async exec(command) {
          const { exitCode, output } = await started.exec([...command]);
          if (exitCode !== 0) throw new Error(`${command.join(" ")} exited with ${exitCode}: ${output}`);
          return output;
        },
        async stop() {
          await started.stop();
        },
        processes: async () => [],
      };
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}
