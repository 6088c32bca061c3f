/** Volumes on this machine: the SDK's face and the command line's, processes that die, disks that are full. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { Container, Volume, Wait } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { commandLine } from "../fixtures/command-line.js";
import { outputOf } from "../fixtures/output.js";
import { mountSmallDisk } from "../fixtures/small-disk.js";

const MIB = 1 << 20;

let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-volumes-"));
  engine = await openEngine({ home, engine: "builtin" });
  await ensureBusyboxImage(engine);
});

afterAll(async () => {
  const left = { containers: await engine.containers.list({ all: true }), volumes: await engine.volumes.list() };
  await engine.close();
  await rm(home, { recursive: true, force: true });
  expect(left).toEqual({ containers: [], volumes: [] });
});

const sh = (line: string): readonly string[] => ["sh", "-c", line];
const idle = (): Container => new Container("busybox", { engine }).withCommand(["sleep", "60"]);

describe("the SDK", () => {
  it("makes volumes, gives them to containers, and removes them at the end of their scope", async () => {
    let name: string;
    {
      await using volume = await new Volume("shared", { engine, labels: { a: "b" } }).create();
      name = volume.name;
      await using one = await idle()
        .withVolumes([{ source: volume, target: "/v" }])
        .start();
      await using two = await idle()
        .withVolumes([{ source: "shared", target: "/w", mode: "ro" }])
        .start();
      await one.exec(sh("echo said >/v/file"));
      expect((await two.exec(sh("cat /w/file; touch /w/x"))).output).toBe("said\ntouch: /w/x: Read-only file system\n");
      expect(await volume.inspect()).toMatchObject({ labels: { a: "b" }, inUse: true, usedBy: [one.getName(), two.getName()] });
      await expect(volume.remove()).rejects.toMatchObject({ code: "VOLUME_IN_USE" });
    }
    await expect(engine.volumes.inspect(name)).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
    const unnamed = await new Volume(undefined, { engine }).create();
    expect(unnamed.name).toMatch(/^[0-9a-f]{64}$/);
    await unnamed.remove();
    await unnamed.remove();
  });

  it("mounts anything, shares what another container has, and knows what it can't read", async () => {
    await using first = await idle()
      .withVolumes([{ target: "/anonymous" }])
      .withTmpFs({ "/memory": "size=1m" })
      .withMounts([{ type: "image", source: "busybox", target: "/image" }])
      .withBindMounts([{ source: process.cwd(), target: "/bound", mode: "ro" }])
      .start();
    expect((await first.exec(sh("ls /image/bin/sh /bound/package.json; echo x >/anonymous/x; touch /bound/y"))).output).toBe(
      "/bound/package.json\n/image/bin/sh\ntouch: /bound/y: Read-only file system\n",
    );
    await using second = await idle().withVolumesFrom(first, "ro").start();
    expect((await second.exec(sh("cat /anonymous/x; ls -d /bound /image /memory; touch /anonymous/y"))).output).toBe(
      "x\n/bound\n/image\nls: /memory: No such file or directory\ntouch: /anonymous/y: Read-only file system\n",
    );
    expect(() => idle().withVolumes([{ target: "/x", mode: "wr" as "rw" }])).toThrow(/volumes.mode.*\n.*rw, ro/);
  });

  it("copies files into volumes before the container starts", async () => {
    await using volume = await new Volume("copied", { engine }).create();
    const container = new Container("busybox", { engine })
      .withVolumes([{ source: volume, target: "/v" }])
      .withCopyContentToContainer([{ content: "before", target: "/v/file" }])
      .withCommand(["grep", "-q", "before", "/v/file"])
      .withWaitStrategy(Wait.forOneShotStartup());
    await (await container.start()).stop();
  });
});

it("a process that is killed with kill -9 has no volume any more", async () => {
  const owner = spawn(process.execPath, [path.resolve("test/fixtures/volume-owner.mjs"), home, "orphan"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(owner.stdout, "data");
  await expect(engine.volumes.remove("orphan")).rejects.toMatchObject({ code: "VOLUME_IN_USE", facts: { containers: [] } });
  owner.kill("SIGKILL");
  await once(owner, "exit");
  await expect.poll(async () => (await engine.volumes.inspect("orphan")).inUse, { timeout: 5000 }).toBe(false);
  const mounts = [{ type: "volume", source: "orphan", target: "/v" }] as const;
  expect(await outputOf(engine, { image: "busybox", command: ["cat", "/v/file"], mounts })).toBe("written\n");
  await engine.volumes.remove("orphan");
});

it("a volume that the disk has no room for is not filled in part", async () => {
  using disk = mountSmallDisk(8 * MIB);
  await using small = await openEngine({ home: disk.directory, engine: "builtin" });
  await ensureBusyboxImage(small);
  const { image } = await small.images.build(
    { tar: emptyContext() },
    { dockerfileText: "FROM busybox\nRUN mkdir /data && head -c 3500000 /dev/zero | tr '\\0' x >/data/large" },
  );
  const mounts = [{ type: "volume", source: "tight", target: "/data" }] as const;
  const create = async () => (await small.containers.create({ image: image.id, command: ["ls", "/data"], mounts })).id;
  const first = await create();
  await expect(small.containers.start(first)).rejects.toMatchObject({ code: "DISK_FULL" });
  await small.containers.remove(first);
  expect((await readdir(path.join(disk.directory, "volumes", "tight"))).sort()).toEqual(["_data", "volume.json"]);
  expect(await readdir(path.join(disk.directory, "volumes", "tight", "_data"))).toEqual([]);
});

it("the command line makes, shows, uses and removes volumes", async () => {
  const caisson = commandLine(home);
  expect(await caisson.run(["volume", "create", "--label", "a=b", "cli"])).toMatchObject({ code: 0, stdout: "cli\n" });
  expect(await caisson.run(["run", "-v", "cli:/v", "busybox", "sh", "-c", "echo kept >/v/file"])).toMatchObject({ code: 0 });
  const read = ["run", "--mount", "source=cli,target=/v,readonly", "-v", "/anonymous", "--tmpfs", "/t", "--shm-size", "1m", "busybox"];
  expect(await caisson.run([...read, "sh", "-c", "cat /v/file; ls -d /anonymous /t"])).toEqual({
    code: 0,
    stdout: "kept\n/anonymous\n/t\n",
    stderr: "",
  });
  const [shown] = JSON.parse((await caisson.run(["volume", "inspect", "cli"])).stdout);
  expect(shown).toMatchObject({ name: "cli", labels: { a: "b" }, inUse: false, mountpoint: path.join(home, "volumes/cli/_data") });
  expect((await caisson.run(["volume", "ls"])).stdout).toBe("DRIVER   VOLUME NAME\nlocal    cli\n");
  expect((await caisson.run(["volume", "ls", "-q", "-f", "label=a", "-f", "dangling=true"])).stdout).toBe("cli\n");
  expect((await caisson.run(["volume", "ls", "-q", "-f", "label=a=c"])).stdout).toBe("");
  const unnamed = (await caisson.run(["volume", "create"])).stdout;
  expect((await caisson.run(["volume", "prune", "-f"])).stdout).toBe(`${unnamed}Total reclaimed space: 0B\n`);
  expect((await caisson.run(["volume", "prune", "-a", "--filter", "label=other"])).stdout).toBe("Total reclaimed space: 0B\n");
  expect((await caisson.run(["volume", "rm", "cli"])).stdout).toBe("cli\n");
  expect(await caisson.run(["volume", "rm", "cli"])).toMatchObject({ code: 1, stderr: "No such volume: cli\n" });
  expect(await caisson.run(["volume", "rm", "-f", "cli"])).toMatchObject({ code: 0 });
  expect(await caisson.run(["volume", "lst"])).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean volume ls") });
  expect((await caisson.run(["volume", "--help"])).stdout).toMatch(/^ {2}prune +Remove the volumes/m);
  expect(await caisson.run(["run", "-v", "/nowhere/at/all:/v:nope", "busybox"])).toMatchObject({ code: 125 });
  const missing = await caisson.run(["run", "--mount", "type=bind,src=/nowhere/at/all,dst=/v", "busybox"]);
  expect(missing).toMatchObject({ code: 125, stderr: expect.stringContaining("/nowhere/at/all") });
});

async function* emptyContext(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(1024);
}
