/** Builds that fail in the middle: full disks, too little memory, aborts, time-outs, killed processes. Nothing is left, and the next one works. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuiltinEngine } from "../../src/engine/builtin/builtin-engine.js";
import type { BuildOptions, Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { Container, isCaissonError } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { outputOf } from "../fixtures/output.js";
import { NOTHING, remainsOf } from "../fixtures/remains.js";
import { mountSmallDisk } from "../fixtures/small-disk.js";

const MIB = 1 << 20;
const BUILDER = fileURLToPath(new URL("../fixtures/builder.mjs", import.meta.url));

let scratch: string;
let home: string;
let engine: Engine;
let count = 0;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-build-faults-"));
  home = path.join(scratch, "home");
  engine = await openEngine({ home });
  await ensureBusyboxImage(engine);
});
afterAll(async () => {
  await engine?.close();
  await rm(scratch, { recursive: true, force: true });
});

async function context(files: Readonly<Record<string, string | Buffer>> = {}): Promise<string> {
  const place = path.join(scratch, `context-${++count}`);
  await mkdir(place);
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(place, name), content);
  return place;
}

/** Everything that a build makes on the way and takes away again. */
async function unfinished(root: string, sessions: boolean): Promise<Record<string, readonly string[]>> {
  const entries = async (name: string, kept: (entry: string) => boolean = () => true) =>
    (await readdir(path.join(root, name)).catch(() => [])).filter(kept);
  const [session = ""] = await entries("sessions");
  return {
    layers: await entries("layers", (name) => name.startsWith(".tmp")),
    ingest: await entries("images/ingest"),
    "in use": await entries("build/in-use"),
    temporary: await entries("build/temporary"),
    locks: await entries("build/locks"),
    containers: sessions ? await entries(`sessions/${session}/containers`) : await entries("sessions"),
    workspaces: await entries(`sessions/${session}`, (name) => name.startsWith("build-")),
  };
}

const NOTHING_UNFINISHED = { layers: [], ingest: [], "in use": [], temporary: [], locks: [], containers: [], workspaces: [] };

describe("a full disk", () => {
  it.each([
    ["RUN", "RUN dd if=/dev/zero of=/large bs=1M count=64", "BUILD_FAILED"],
    ["COPY", "COPY large /large", "DISK_FULL"],
    ["COPY of many files to be packed", "COPY large /1\nCOPY large /2", "DISK_FULL"],
    ["ADD of an archive", "ADD --unpack=false large /x\nADD large /y", "DISK_FULL"],
    ["a mount of the context", "RUN --mount=target=/c true", "DISK_FULL"],
  ])("in the middle of %s breaks nothing: a later build works", async (_, steps, code) => {
    using disk = mountSmallDisk(20 * MIB);
    await using small = await openEngine({ home: disk.directory });
    await ensureBusyboxImage(small);
    const place = await context({ large: Buffer.alloc(24 * MIB, 1) });
    const before = (await readdir(path.join(disk.directory, "layers"))).length;
    const failure = await small.images.build(place, { dockerfileText: `FROM busybox\n${steps}\n` }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    if (code === "BUILD_FAILED") expect(failure).toMatchObject({ message: expect.stringContaining("is full: make room") });
    expect((await small.images.list()).map(({ references }) => references)).toEqual([["busybox:latest"]]);
    await expect.poll(() => unfinished(disk.directory, true)).toEqual(NOTHING_UNFINISHED);
    expect((await readdir(path.join(disk.directory, "layers"))).length).toBeLessThanOrEqual(before + 1);
    await expect
      .poll(async () => {
        const { image } = await small.images.build(place, { dockerfileText: 'FROM busybox\nRUN echo fine > /f\nCMD ["cat", "/f"]\n' });
        return outputOf(small, { image: image.id });
      })
      .toBe("fine\n");
  });
});

describe("memory", () => {
  it("a command that needs more than it may have is told as such", async () => {
    const dockerfileText = "FROM busybox\nRUN echo so far; head -c 200m /dev/zero | tail > /dev/null\n";
    const error = await engine.images
      .build(await context(), { dockerfileText, memoryBytes: 32 * MIB, noCache: true })
      .catch((reason: unknown) => reason);
    if (!isCaissonError(error, "BUILD_FAILED")) throw error;
    expect(error.facts).toMatchObject({ file: "Dockerfile", line: 2, instruction: "RUN", oomKilled: true });
    expect(error.message).toContain("(out of memory)");
    expect(error.message).toContain("needs more memory than it may have");
  });

  it("without a limit there is none", async () => {
    const dockerfileText = "FROM busybox\nRUN head -c 50m /dev/zero | tail | wc -c > /n\n";
    await engine.images.build(await context(), { dockerfileText });
  });
});

describe("an abort", () => {
  /** Aborts once `when` is reported. */
  async function aborted(dockerfileText: string, when: RegExp, options: BuildOptions = {}, files: Readonly<Record<string, Buffer>> = {}) {
    const abort = new AbortController();
    const begun = performance.now();
    const building = engine.images.build(await context(files), {
      ...options,
      dockerfileText,
      signal: abort.signal,
      progress: (event) => {
        if (when.test(JSON.stringify(event))) setTimeout(() => abort.abort(new Error("enough")), 20);
      },
    });
    await expect(building).rejects.toMatchObject({ code: "ABORTED", facts: { operation: "build" }, cause: { message: "enough" } });
    expect(performance.now() - begun).toBeLessThan(15_000);
    await expect.poll(() => unfinished(home, true)).toEqual(NOTHING_UNFINISHED);
  }

  it("in the middle of a RUN leaves nothing, whatever the command does about signals", async () => {
    await aborted("FROM busybox\nRUN trap '' TERM INT HUP; sleep 60 & echo begun; while true; do sleep 1; done\n", /begun\\n/);
  });

  it("in the middle of a COPY leaves nothing", async () => {
    await aborted("FROM busybox\nCOPY large /large\n", /"type":"step".*COPY/, {}, { large: Buffer.alloc(256 * MIB, 7) });
  });

  it("while several stages run leaves nothing", async () => {
    const stage = (name: string) => `FROM busybox AS ${name}\nRUN echo ${name} begun; sleep 60\n`;
    await aborted(`${stage("a")}${stage("b")}FROM busybox\nCOPY --from=a / /a\nCOPY --from=b / /b\n`, /b begun\\n/);
  });

  it("ends the wait for a server that says nothing", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    try {
      await aborted(`FROM busybox\nADD http://127.0.0.1:${port}/f /f\n`, /"type":"step".*ADD/);
      await aborted(`FROM busybox\nADD git://127.0.0.1:${port}/f.git /f\n`, /"type":"step".*ADD/);
      await aborted(`FROM 127.0.0.1:${port}/image\n`, /"type":"step".*FROM/);
    } finally {
      silent.unref();
      silent.close();
    }
  });

  it("ends the wait for a context that never comes to its end", async () => {
    const abort = new AbortController();
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(512);
      setTimeout(() => abort.abort(), 50);
      await new Promise(() => {});
    };
    await expect(engine.images.build({ tar: endless() }, { signal: abort.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await expect.poll(() => unfinished(home, true)).toEqual(NOTHING_UNFINISHED);
  });

  it("ends the wait for another build that makes the same step, which goes on", async () => {
    const dockerfileText = "FROM busybox\nRUN echo begun; sleep 1; echo other > /f\n";
    const place = await context();
    let running: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => {
      running = resolve;
    });
    const first = engine.images.build(place, { dockerfileText, progress: (event) => event.type === "output" && running?.() });
    await begun;
    await expect(engine.images.build(place, { dockerfileText, signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await first;
  });

  it("before anything began does nothing", async () => {
    await expect(engine.images.build("/no/such/place", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("by a time-out ends what the SDK builds", async () => {
    const builder = Container.fromDockerfile(await context(), { text: "FROM busybox\nRUN sleep 60\n" }, { engine });
    const begun = performance.now();
    await expect(builder.build(undefined, { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
      code: "ABORTED",
      cause: { name: "TimeoutError" },
    });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe("several processes", () => {
  interface Builder {
    readonly child: ChildProcess;
    readonly lines: string[];
    /** The first line that matches. */
    line(pattern: RegExp): Promise<string>;
  }

  function startBuilder(place: string, dockerfile: string): Builder {
    const child = spawn(process.execPath, [BUILDER, home, place, dockerfile], { stdio: ["ignore", "pipe", "inherit"] });
    const lines: string[] = [];
    let pending = "";
    const watchers: (() => void)[] = [];
    child.stdout!.on("data", (data: Buffer) => {
      pending += data;
      const parts = pending.split("\n");
      pending = parts.pop()!;
      lines.push(...parts);
      for (const watcher of watchers) watcher();
    });
    const line = (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((each) => pattern.test(each));
          if (found !== undefined) resolve(found);
        };
        watchers.push(look);
        child.on("exit", () => reject(new Error(`it ended: ${lines.join("\n")}`)));
        look();
      });
    return { child, lines, line };
  }

  it("that build the same do the work once", async () => {
    const place = await context();
    const dockerfile = "FROM busybox\nRUN sleep 0.5; cat /proc/sys/kernel/random/uuid > /id\n";
    const builders = [startBuilder(place, dockerfile), startBuilder(place, dockerfile), startBuilder(place, dockerfile)];
    const images = await Promise.all(builders.map(({ line }) => line(/^image /)));
    expect(new Set(images).size).toBe(1);
    const done = builders.map(({ lines }) => lines.filter((each) => each === "done RUN"));
    expect(done.flat()).toHaveLength(1);
    await Promise.all(builders.map(({ child }) => child.exitCode ?? once(child, "exit")));
  });

  it("find each other's cache, also after they have ended", async () => {
    const place = await context();
    const dockerfile = "FROM busybox\nRUN echo kept over restarts\n";
    const first = startBuilder(place, dockerfile);
    const image = await first.line(/^image /);
    await once(first.child, "exit");
    const second = startBuilder(place, dockerfile);
    expect(await second.line(/^image /)).toBe(image);
    expect(second.lines).toContain("cached RUN");
    await (second.child.exitCode ?? once(second.child, "exit"));
  });

  it("may be killed in the middle: nothing is left, and nobody waits for them for long", async () => {
    const place = await context();
    const dockerfile = "FROM busybox\nRUN --mount=type=cache,target=/c,sharing=locked echo begun; sleep 3; echo end\n";
    const victim = startBuilder(place, dockerfile);
    const session = (await victim.line(/^session /)).slice("session ".length);
    await victim.line(/begun/);
    victim.child.kill("SIGKILL");
    await expect.poll(() => remainsOf(home, session), { timeout: 5_000 }).toEqual(NOTHING);
    const { image } = await engine.images.build(place, { dockerfileText: dockerfile });
    expect(image.id).toMatch(/^sha256:/);
    await engine.images.pruneBuilds();
    await expect.poll(() => unfinished(home, true)).toEqual(NOTHING_UNFINISHED);
  });
});

it("whose supervisor is killed is told so, whatever it was about to write, and brings no directory back", async () => {
  const root = path.join(scratch, "killed");
  await using other = (await openEngine({ home: root, engine: "builtin" })) as BuiltinEngine;
  await ensureBusyboxImage(other);
  const supervisor = await other.supervisorPid();
  const sessions = (): Promise<string[]> => readdir(path.join(root, "sessions"));
  const server = createHttpServer(async (_, response) => {
    if ((await sessions()).length > 0) process.kill(supervisor, "SIGKILL");
    await expect.poll(sessions, { timeout: 10_000 }).toEqual([]);
    response.end("late");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { port: number };
    const dockerfileText = `FROM busybox\nRUN echo begun\nADD http://127.0.0.1:${port}/f /f\nRUN cat /f\n`;
    await expect(other.images.build(await context(), { dockerfileText })).rejects.toMatchObject({ code: "SUPERVISOR_DIED" });
    expect(await unfinished(root, false)).toEqual(NOTHING_UNFINISHED);
  } finally {
    server.close();
  }
});

it("the same input gives the same image in two homes, and by either way to say the time", async () => {
  const place = await context({ f: "content" });
  const dockerfileText =
    "FROM busybox AS a\nRUN mkdir /d && date > /d/now && ln /d/now /d/same && echo x > /x && chown -R app /d && rm -r /d/now\nFROM busybox\nWORKDIR /w\nCOPY --from=a --chown=3:4 /x /x\nCOPY f <<E /c/\nhere\nE\nRUN touch now && mkdir -p /deep/er && rm /etc/group\nADD f /added\nENV a=b\n";
  const text = dockerfileText.replace("date > /d/now", "touch /d/now");
  const epoch = 1_500_000_000;
  const ids: string[] = [];
  const digests: string[] = [];
  for (const options of [{ sourceDateEpoch: epoch }, { buildArgs: { SOURCE_DATE_EPOCH: String(epoch) } }, { sourceDateEpoch: epoch }]) {
    await using other = await openEngine({ home: path.join(scratch, `home-${++count}`) });
    await other.images.load(await engine.images.save(["busybox"]));
    // What another build left in the cache, without a time, is no part of it.
    if (ids.length === 2) await other.images.build(place, { dockerfileText: text });
    const { image } = await other.images.build(place, { ...options, dockerfileText: text });
    ids.push(image.id);
    digests.push(image.digest);
    expect(image.created).toEqual(new Date(epoch * 1000));
  }
  expect(new Set(ids).size).toBe(1);
  expect(new Set(digests).size).toBe(1);
});

it("a base image that is not there is named, whether its registry can't be reached or must not be asked", async () => {
  const place = await context();
  const dockerfileText = "FROM 127.0.0.1:9/none:1\n";
  await expect(engine.images.build(place, { dockerfileText })).rejects.toMatchObject({
    code: "REGISTRY_UNREACHABLE",
    message: expect.stringMatching(/^Dockerfile:1: .*127\.0\.0\.1:9/),
  });
  await using offline = await openEngine({ home: path.join(scratch, "offline"), environment: { ...process.env, CAISSON_OFFLINE: "1" } });
  await expect(offline.images.build(place, { dockerfileText: "FROM alpine\n" })).rejects.toMatchObject({
    code: "IMAGE_NOT_FOUND",
    message: expect.stringMatching(/^Dockerfile:1: .*CAISSON_OFFLINE/),
  });
});

it("a context that becomes unreadable is told by the file", async () => {
  const place = await context({ f: "x" });
  const tar = Readable.from([Buffer.from("not a tar".repeat(100))]);
  await expect(engine.images.build({ tar })).rejects.toMatchObject({ code: "LAYER_INVALID" });
  await expect(engine.images.build(path.join(place, "f"))).rejects.toMatchObject({ code: "OPTION_INVALID" });
  expect(await readFile(path.join(place, "f"), "utf8")).toBe("x");
});
