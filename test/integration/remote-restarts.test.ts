/** A daemon that is restarted while something is under way: every call ends with a reason, what comes later works, and nothing is left. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { Cleanup } from "../fixtures/cleanup.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";
import { type FaultyProxy, startFaultyProxy } from "../fixtures/faulty-proxy.js";
import { pushImage } from "../fixtures/pushed-image.js";
import { startRegistry } from "../fixtures/registry.js";

const UNTIL_TOLD = "trap 'exit 3' TERM; echo begun; while :; do sleep 0.1; done";
const unreachable = { code: "DAEMON_UNREACHABLE", facts: { doing: expect.any(String) } };

describe.each(["SIGTERM", "SIGKILL"] as const)("a daemon that is restarted by %s in the middle", (signal) => {
  const cleanup = new Cleanup();
  let directory: string;
  let dockerd: Dockerd;
  let engine: Engine;
  let classic: Engine;
  let proxy: FaultyProxy;
  let image: string;
  let id: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-restarts-"));
    cleanup.defer(() => rm(directory, { recursive: true, force: true }));
    dockerd = await startDockerd(path.join(directory, "docker"));
    cleanup.defer(() => dockerd[Symbol.asyncDispose]());
    const registry = await startRegistry(path.join(directory, "registry"), directory);
    cleanup.defer(() => registry[Symbol.asyncDispose]());
    proxy = await startFaultyProxy(registry.host, (request) =>
      request.startsWith("GET") && request.includes("/blobs/") ? { stallAfter: 10 } : undefined,
    );
    cleanup.defer(() => proxy[Symbol.asyncDispose]());
    engine = await openEngine({ host: dockerd.host });
    cleanup.defer(() => engine.close());
    classic = await openEngine({ host: dockerd.host, environment: { ...process.env, DOCKER_BUILDKIT: "0" } });
    cleanup.defer(() => classic.close());
    await ensureBusyboxImage(engine);
    await pushImage(engine, `${registry.host}/image:1`);
    image = `${proxy.host}/image:1`;
    id = await started(engine, ["sh", "-c", UNTIL_TOLD]);
  }, 90_000);

  afterAll(() => cleanup[Symbol.asyncDispose](), 90_000);

  /** Resolves with the build, once its RUN has written. */
  async function begunBuild(builder: Engine, name: string): Promise<{ readonly build: Promise<unknown> }> {
    const context = path.join(directory, name);
    await mkdir(context);
    await writeFile(path.join(context, "Dockerfile"), `FROM busybox\nRUN ${UNTIL_TOLD}\n`);
    return new Promise((resolve, reject) => {
      const build = builder.images.build(context, {
        progress: (event) => {
          if (event.type === "output" && event.text.includes("begun")) resolve({ build });
        },
      });
      build.catch(reject);
    });
  }

  it("ends a pull, builds, a process, a log and statistics; what is asked for then is done", async () => {
    const pull = engine.images.pull(image);
    const { build: kitBuild } = await begunBuild(engine, "buildkit");
    const { build: classicBuild } = await begunBuild(classic, "classic");
    const running = await engine.containers.exec(id, { command: ["sh", "-c", UNTIL_TOLD] });
    const output = buffer(running.stdout);
    const attached = await engine.containers.attach(id);
    const log = (async () => {
      for await (const _ of engine.containers.logs(id, { follow: true }));
    })();
    const stats = (async () => {
      for await (const _ of engine.containers.stats(id));
    })();
    const exit = engine.containers.wait(id);
    for (const each of [pull, kitBuild, classicBuild, output, log, stats, exit]) each.catch(() => {});
    await proxy.stalled;

    await dockerd.restart(signal);

    await expect(pull).rejects.toMatchObject(unreachable);
    await expect(kitBuild).rejects.toMatchObject(unreachable);
    // One that is told to end kills the step and says so; the process and the container are its own to end, too.
    const told = signal === "SIGTERM";
    await expect(classicBuild).rejects.toMatchObject(told ? { code: "BUILD_FAILED" } : unreachable);
    for (const each of [running.exit, output, log, stats, attached.end]) await eitherWay(each, told);
    expect(await exit).toMatchObject({ exitCode: 3 });
    expect(await engine.containers.wait(await started(engine, ["true"]))).toMatchObject({ exitCode: 0 });
    await engine.close();
    await classic.close();
    // What the classic builder was at is lost to it when it is killed.
    const left = (await dockerd.docker("ps", "--all", "--quiet", "--no-trunc")).split("\n").filter(Boolean);
    expect(left).toHaveLength(told ? 0 : 1);
    expect(left).not.toContain(id);
    expect((await dockerd.docker("images", "--all", "--format", "{{.Repository}}")).trim()).toBe("busybox");
  }, 90_000);
});

/** Ends, or fails for the daemon that is gone. @param mayEnd whether it may end well */
async function eitherWay(work: Promise<unknown>, mayEnd: boolean): Promise<void> {
  const failure = await work.then(() => undefined).catch((error: unknown) => error);
  if (!mayEnd || failure !== undefined) expect(failure).toMatchObject(unreachable);
}

async function started(engine: Engine, command: readonly string[]): Promise<string> {
  const { id } = await engine.containers.create({ image: "busybox", command });
  await engine.containers.start(id);
  return id;
}
