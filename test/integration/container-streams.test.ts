import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ContainerSpec, Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";

let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-streams-"));
  engine = await openEngine({ home, engine: "builtin" });
  await ensureBusyboxImage(engine);
});

afterEach(async () => {
  for (const { id } of await engine.containers.list({ all: true })) await engine.containers.remove(id, { force: true });
});

afterAll(async () => {
  await engine.close();
  await rm(home, { recursive: true, force: true });
});

async function start(script: string, spec: Omit<ContainerSpec, "image" | "command"> = {}): Promise<string> {
  const { id } = await engine.containers.create({ image: "busybox", command: ["sh", "-c", script], ...spec });
  await engine.containers.start(id);
  return id;
}

describe("copying", () => {
  it("brings files in and out again", async () => {
    const id = await start("sleep 60");
    const tar = pack();
    tar.entry({ name: "dir/file", mode: 0o640, uid: 1000, gid: 1000 }, "content");
    tar.finalize();
    await engine.containers.copyIn(id, Readable.from([await buffer(tar)]), { path: "/tmp" });
    const names: string[] = [];
    const out = (await engine.containers.copyOut(id, "/tmp/dir")).pipe(extract());
    for await (const entry of out) names.push(`${entry.header.name} ${entry.header.uid} ${await text(entry)}`);
    expect(names).toEqual(["dir/ 0 ", "dir/file 1000 content"]);
  });

  it("stays inside the container where links lead out of it", async () => {
    const id = await start("ln -s /../../../../.. /tmp/up; ln -s /etc /tmp/etc; echo ready; sleep 60");
    for await (const _ of engine.containers.logs(id, { follow: true })) break;
    const tar = pack();
    tar.entry({ name: "caisson-escape" }, "x");
    tar.finalize();
    await engine.containers.copyIn(id, Readable.from([await buffer(tar)]), { path: "/tmp/up" });
    const process = await engine.containers.exec(id, { command: ["ls", "/"] });
    expect(await text(process.stdout)).toContain("caisson-escape\n");
    const passwd = (await engine.containers.copyOut(id, "/tmp/etc/passwd")).pipe(extract());
    for await (const entry of passwd) expect(await text(entry)).toContain("app:x:1000:1000");
  });

  it("names a path that is not there", async () => {
    const id = await start("sleep 60");
    await expect(engine.containers.copyOut(id, "/nonesuch")).rejects.toMatchObject({
      code: "PATH_NOT_FOUND",
      facts: { path: "/nonesuch" },
    });
  });
});

describe("streams", () => {
  it("carry the container's own input and output", async () => {
    const id = await start("read line; echo got $line", { openStdin: true, stdinOnce: true });
    const { stdin, stdout } = await engine.containers.attach(id, { stdin: true });
    stdin!.end("a line\n");
    expect(await text(stdout)).toBe("got a line\n");
  });

  it("can be a terminal", async () => {
    const id = await start("tty; test -t 0 && echo terminal", { tty: true });
    await engine.containers.wait(id);
    let output = "";
    for await (const { data } of engine.containers.logs(id)) output += data.toString();
    expect(output).toMatch(/^\/dev\/(pts\/0|console)\r\nterminal\r\n$/);
  });

  it("follow the log until the container exits", async () => {
    const id = await start("for i in 1 2 3; do echo $i; sleep 0.05; done");
    const lines: string[] = [];
    for await (const { data } of engine.containers.logs(id, { follow: true })) lines.push(data.toString());
    expect(lines).toEqual(["1\n", "2\n", "3\n"]);
  });
});

/** Resolves once the container has written so many records, in all of its runs. */
async function logged(id: string, records: number): Promise<void> {
  for await (const _ of engine.containers.logs(id, { follow: true })) if (--records === 0) return;
}

describe("a container's life", () => {
  it("ends by its stop signal, and can begin again with its files", async () => {
    const id = await start("echo run >>/runs; trap 'exit 7' USR1; echo ready; while :; do sleep 0.02; done", { stopSignal: "SIGUSR1" });
    // Before its trap is set, the signal would be lost: the first process of a pid namespace ignores what it doesn't handle.
    await logged(id, 1);
    await engine.containers.stop(id);
    expect(await engine.containers.wait(id)).toMatchObject({ exitCode: 7 });
    await engine.containers.start(id);
    await logged(id, 2);
    const process = await engine.containers.exec(id, { command: ["cat", "/runs"] });
    expect(await text(process.stdout)).toBe("run\nrun\n");
  });

  it("tells its health", async () => {
    const id = await start("sleep 0.1; touch /ok; sleep 60", {
      healthcheck: { test: ["CMD-SHELL", "test -e /ok"], intervalMs: 30, retries: 100 },
    });
    const events = engine.events({ signal: AbortSignal.timeout(5000) });
    for await (const event of events) if (event.id === id && event.action === "health_status: healthy") break;
    expect((await engine.containers.inspect(id)).state.health).toMatchObject({ status: "healthy", failingStreak: 0 });
  });
});
