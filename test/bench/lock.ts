/** One benchmark at a time on a machine: two would measure each other, and their daemons share the packet filter's chains. */
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** An abstract socket (unix(7)): it is gone with its process, however that ends. */
const NAME = "\0caisson-bench";

/** Waits until no other benchmark runs. */
export async function takeTurn(note: (text: string) => void): Promise<Server> {
  for (let attempt = 0; ; attempt++) {
    const server = createServer().unref();
    const free = await new Promise<boolean>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error)));
      server.listen(NAME, () => resolve(true));
    });
    if (free) return server;
    if (attempt === 0) note("another benchmark runs on this machine: waiting for its end");
    await sleep(500);
  }
}
