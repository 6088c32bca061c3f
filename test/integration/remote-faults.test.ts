/** What becomes of calls whose daemon goes away, is cut off, may not be spoken to, or is too old: an error with its reason, and no hang. */
import { once } from "node:events";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";

const NOBODY = 65_534;
const unreachable = { code: "DAEMON_UNREACHABLE", facts: { doing: expect.any(String) } };

/** It may be gone already, with another one. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}

/** Passes connections on to a socket until it is told to cut them. */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: string) {
    this.#server = server.on("connection", (near) => {
      const far = createConnection({ path: target, allowHalfOpen: true });
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => other.destroy()).once("close", () => this.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
  }

  static async open(file: string, target: string): Promise<Wire> {
    const server = createServer({ allowHalfOpen: true }).listen(file);
    await once(server, "listening");
    return new Wire(server, target);
  }

  /** All that is under way breaks off; what comes later gets through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("a daemon", () => {
  let directory: string;
  let dockerd: Dockerd;
  let wire: Wire;
  let engine: Engine;
  let id: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-faults-"));
    dockerd = await startDockerd(path.join(directory, "docker"));
    wire = await Wire.open(path.join(directory, "wire.sock"), dockerd.host.replace("unix://", ""));
    engine = await openEngine({ host: `unix://${path.join(directory, "wire.sock")}` });
    await ensureBusyboxImage(engine);
    ({ id } = await engine.containers.create({ image: "busybox", command: ["sh", "-c", "echo ready; sleep 600"] }));
    await engine.containers.start(id);
  }, 90_000);

  afterAll(async () => {
    await engine?.close();
    await wire?.close();
    await dockerd?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  }, 90_000);

  async function follow(): Promise<void> {
    for await (const _ of engine.containers.logs(id, { follow: true })) lineRead();
  }
  let lineRead: () => void = () => {};
  const firstLine = (): Promise<void> =>
    new Promise((resolve) => {
      lineRead = resolve;
    });

  it("that is cut off in the middle: a log that is followed fails; waits, exits and events go on", async () => {
    const read = firstLine();
    const following = follow();
    following.catch(() => {});
    const process = await engine.containers.exec(id, { command: ["sleep", "600"] });
    const events = engine.events({ filters: { event: ["rename"] } })[Symbol.asyncIterator]();
    const renamed = events.next();
    const waiting = engine.containers.wait(id);
    await read;
    await engine.ping();
    wire.cut();
    await expect(following).rejects.toMatchObject(unreachable);
    await engine.containers.rename(id, "renamed-after-the-cut");
    expect((await renamed).value).toMatchObject({ action: "rename", id });
    await events.return?.();
    await engine.containers.kill(id);
    expect(await waiting).toMatchObject({ signal: "SIGKILL" });
    expect(await process.exit).toMatchObject({ exitCode: 137 });
    await engine.containers.start(id);
  });

  it("that is cut off while a process writes: what was read of it is not taken for all", async () => {
    const attached = await engine.containers.attach(id);
    const process = await engine.containers.exec(id, { command: ["yes"] });
    const reading = text(process.stdout);
    reading.catch(() => {});
    await once(process.stdout, "data");
    wire.cut();
    await expect(reading).rejects.toMatchObject(unreachable);
    await expect(attached.end).rejects.toMatchObject(unreachable);
    await process.kill();
    await process.exit;
  }, 30_000);

  it("that dies in the middle: everything that waits for it fails, and what comes later says so", async () => {
    const read = firstLine();
    const following = follow();
    const process = await engine.containers.exec(id, { command: ["sleep", "600"], stdin: true });
    const stats = (async () => {
      for await (const _ of engine.containers.stats(id));
    })();
    const events = (async () => {
      for await (const _ of engine.events({ type: "volume" }));
    })();
    const failures = [following, process.exit, stats, events, engine.containers.wait(id)];
    for (const failure of failures) failure.catch(() => {});
    await read;
    const left = [...(await dockerd.processes()), (await engine.containers.inspect(id)).state.pid];
    for (const pid of [dockerd.pid, ...left]) kill(pid);
    await Promise.all(failures.map((failure) => expect(failure).rejects.toMatchObject(unreachable)));
    await expect(engine.containers.inspect(id)).rejects.toMatchObject(unreachable);
    await expect(engine.ping()).rejects.toMatchObject(unreachable);
  }, 90_000);
});

describe("an address", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-faults-"));
    await chmod(directory, 0o755);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it.runIf(process.getuid?.() === 0)("that may not be spoken to names the remedy", async () => {
    const file = path.join(directory, "mine.sock");
    const server = createServer().listen(file);
    await once(server, "listening");
    await chown(file, 0, 0);
    await chmod(file, 0o600);
    process.seteuid!(NOBODY);
    try {
      await expect(openEngine({ host: `unix://${file}` })).rejects.toMatchObject({
        code: "ENGINE_UNAVAILABLE",
        message: expect.stringMatching(/EACCES.*group/s),
      });
    } finally {
      process.seteuid!(0);
      server.close();
    }
  });

  // No daemon of that age runs on today's kernels: what it would answer is said here.
  it("of a daemon that is too old says what it speaks", async () => {
    const file = path.join(directory, "old.sock");
    const server = createHttpServer((_, response) => response.setHeader("api-version", "1.12").end("OK")).listen(file);
    await once(server, "listening");
    try {
      await expect(openEngine({ host: `unix://${file}` })).rejects.toMatchObject({
        code: "ENGINE_UNAVAILABLE",
        message: expect.stringContaining("1.12"),
      });
    } finally {
      server.close();
    }
  });
});
