/** However a process ends that made something at a daemon, and whenever: moments later the daemon has nothing of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Container } from "../../src/container/container.js";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { hasEnded, thisProcess } from "../../src/engine/remote/lifetime/process-identity.js";
import { sessionLabels } from "../../src/engine/remote/lifetime/session-labels.js";
import { contentsOf } from "../contract/daemons.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";
import { type Podman, startPodman } from "../fixtures/podman.js";
import { processesWhere } from "../fixtures/processes.js";

/** Ten seconds are promised; the rest is for machines that are busy with somebody else. */
const WITHIN_MS = 30_000;
/** Spread over what an owner does from its first request on. */
const MOMENTS_MS = [0, 40, 150, 400, 900];
const NOTHING = { containers: [], networks: [], volumes: [] };

let directory: string;
let dockerd: Dockerd;
let podman: Podman;
const hostOf = (name: "dockerd" | "podman"): string => (name === "dockerd" ? dockerd : podman).host;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-daemons-"));
  dockerd = await startDockerd(path.join(directory, "dockerd"));
  podman = await startPodman(path.join(directory, "podman"));
  for (const { host } of [dockerd, podman]) {
    await using engine = await openEngine({ host });
    await ensureBusyboxImage(engine);
  }
}, 120_000);

afterAll(async () => {
  await podman?.[Symbol.asyncDispose]();
  await dockerd?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

/** Resolves when it says that it is where it should be. */
async function startOwner(host: string, mode: string): Promise<ChildProcess> {
  const owner = spawn(process.execPath, [path.resolve("test/fixtures/daemon-owner.mjs"), host, mode], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(owner, "exit").then(() => Promise.reject(new Error(`the owner ended with ${owner.exitCode}`)));
  await Promise.race([once(owner.stdout!, "data"), ended]);
  ended.catch(() => {});
  return owner;
}

async function expectNothing(host: string): Promise<void> {
  await expect.poll(() => contentsOf({ host }), { timeout: WITHIN_MS, interval: 100 }).toEqual(NOTHING);
}

/** Processes that watch over the daemon, asleep or awake. */
async function watchersOf(host: string): Promise<number[]> {
  const order = JSON.stringify({ kind: "unix", path: host.slice("unix://".length) });
  return processesWhere(async (pid) => {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    return environment.split("\0").some((variable) => variable.startsWith("CAISSON_WATCHER_ORDER=") && variable.includes(order));
  });
}

describe.each(["dockerd", "podman"] as const)("on %s", (name) => {
  it.each(MOMENTS_MS)(
    "kill -9, %d ms after it began to make things",
    async (moment) => {
      const owner = await startOwner(hostOf(name), "loop");
      await delay(moment);
      owner.kill("SIGKILL");
      await once(owner, "exit");
      await expectNothing(hostOf(name));
      // What a busy daemon makes late of what was asked for before goes as well.
      await delay(1500);
      await expectNothing(hostOf(name));
    },
    60_000,
  );

  it.each(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s, with a running container on a network with a volume",
    async (signal) => {
      const owner = await startOwner(hostOf(name), "hold");
      expect(await contentsOf({ host: hostOf(name) })).toMatchObject({ containers: [expect.any(String)], networks: [expect.any(String)] });
      owner.kill(signal);
      await expectNothing(hostOf(name));
    },
    60_000,
  );

  it.each(["exit", "throw"])(
    "its own end (%s)",
    async (mode) => {
      const owner = await startOwner(hostOf(name), mode);
      if (owner.exitCode === null) await once(owner, "exit");
      await expectNothing(hostOf(name));
    },
    60_000,
  );

  it("close() of the engine, which leaves no watcher either", async () => {
    await expect.poll(() => watchersOf(hostOf(name)), { timeout: WITHIN_MS }).toEqual([]);
    const owner = await startOwner(hostOf(name), "close");
    if (owner.exitCode === null) await once(owner, "exit");
    expect(owner.exitCode).toBe(0);
    expect(await contentsOf({ host: hostOf(name) })).toEqual(NOTHING);
    await expect.poll(() => watchersOf(hostOf(name)), { timeout: 5000 }).toEqual([]);
  }, 90_000);

  it("the death of owner and watcher together, when the next engine opens; what others own stays", async () => {
    const host = hostOf(name);
    await expect.poll(() => watchersOf(host), { timeout: WITHIN_MS }).toEqual([]);
    const owner = await startOwner(host, "hold");
    for (const watcher of await watchersOf(host)) process.kill(watcher, "SIGKILL");
    owner.kill("SIGKILL");
    await once(owner, "exit");
    const living = await startOwner(host, "hold");
    // An engine on another machine can't be asked whether it lives.
    const stranger = { ...thisProcess(), host: "another", pid: owner.pid! };
    const other = await makeLabelled(host, sessionLabels("elsewhere", stranger));
    expect(hasEnded(stranger)).toBe(false);
    await using _engine = await openEngine({ host });
    await expect.poll(async () => (await contentsOf({ host })).containers.length, { timeout: WITHIN_MS }).toBe(2);
    expect((await contentsOf({ host })).containers).toContain(other);
    living.kill("SIGKILL");
    await expect.poll(async () => (await contentsOf({ host })).containers, { timeout: WITHIN_MS }).toEqual([other]);
    await removeContainer(name, other);
    await expectNothing(host);
  }, 120_000);
});

it("two daemons at once: containers of one test on each of them", async () => {
  await using first = await openEngine({ host: dockerd.host });
  await using second = await openEngine({ host: podman.host });
  const start = (engine: Engine) => new Container("busybox").withCommand(["sleep", "1000"]).withEngine(engine).start();
  const started = await Promise.all([first, second].map(start));
  const ids = await Promise.all([dockerd, podman].map(async ({ host }) => (await contentsOf({ host })).containers));
  expect(ids).toEqual(started.map((container) => [container.getId()]));
  await Promise.all(started.map((container) => container.stop()));
}, 60_000);

it.each(["dockerd", "podman"] as const)(
  "images of a %s container belong to no session",
  async (name) => {
    await using engine = await openEngine({ host: hostOf(name) });
    const { id } = await engine.containers.create({ image: "busybox", command: ["true"], labels: { mine: "1" } });
    const image = await engine.containers.commit(id, { reference: "committed" });
    const format = ["image", "inspect", "--format", '{{index .Config.Labels "mine"}}{{index .Config.Labels "caisson.session"}}', image.id];
    const labels = await (name === "dockerd" ? dockerd.docker(...format) : podman.podman(...format));
    expect(labels.trim()).toBe("1");
    expect(image.config.labels).toEqual({ mine: "1" });
  },
  60_000,
);

/** A container that another engine might have made. */
async function makeLabelled(host: string, labels: Readonly<Record<string, string>>): Promise<string> {
  const flags = Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]);
  const args = ["create", ...flags, "busybox", "true"];
  return (await (host === dockerd.host ? dockerd.docker(...args) : podman.podman(...args))).trim();
}

async function removeContainer(name: "dockerd" | "podman", id: string): Promise<void> {
  await (name === "dockerd" ? dockerd.docker("rm", id) : podman.podman("rm", id));
}
