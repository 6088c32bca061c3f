/** What a started container can do, and the builder's less frequent options. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { Container, PullPolicy, Wait } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";

let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-surface-"));
  engine = await openEngine({ home, engine: "builtin" });
  await ensureBusyboxImage(engine);
});

afterAll(async () => {
  const left = await engine.containers.list({ all: true });
  await engine.close();
  await rm(home, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const busybox = (script = "sleep 60"): Container => new Container("busybox", { engine }).withCommand(["sh", "-c", script]);

describe("copying", () => {
  it("brings files, directories and contents before the command runs, and later", async () => {
    const source = path.join(home, "source");
    await mkdir(path.join(source, "sub"), { recursive: true });
    await writeFile(path.join(source, "script.sh"), "echo ran\n", { mode: 0o755 });
    await writeFile(path.join(source, "sub", "empty"), "");
    await symlink("script.sh", path.join(source, "link"));
    await using started = await busybox("cat /etc/app/conf; /opt/app/link; sleep 60")
      .withCopyDirectoriesToContainer([{ source, target: "/opt/app" }])
      .withCopyContentToContainer([{ content: "port=1\n", target: "/etc/app/conf", mode: 0o600, uid: 1000 }])
      .withCopyFilesToContainer([{ source: path.join(source, "script.sh"), target: "/bin/tool", mode: 0o700 }])
      .withWaitStrategy(Wait.forLogMessage("ran"))
      .start();
    expect((await started.exec("stat -c '%a %u %s' /etc/app/conf /bin/tool /opt/app/sub/empty")).output).toBe(
      "600 1000 7\n700 0 9\n644 0 0\n",
    );
    await started.copyContentToContainer([{ content: Readable.from(["later"]), target: "/new/dir/file" }]);
    expect((await started.exec("cat /new/dir/file")).output).toBe("later");
    const names: string[] = [];
    for await (const entry of (await started.copyArchiveFromContainer("/opt/app")).pipe(extract())) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(["app/", "app/link", "app/script.sh", "app/sub/", "app/sub/empty"]);
  });

  it("names a source that is not there, and leaves nothing", async () => {
    const missing = path.join(home, "missing");
    await expect(
      busybox()
        .withCopyFilesToContainer([{ source: missing, target: "/x" }])
        .start(),
    ).rejects.toMatchObject({
      code: "PATH_NOT_FOUND",
      facts: { path: missing },
    });
    await expect(
      busybox()
        .withCopyContentToContainer([{ content: "", target: "relative" }])
        .start(),
    ).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(await engine.containers.list({ all: true })).toEqual([]);
  });

  it("may be archives alone, unpacked before the container starts", async () => {
    const archive = pack();
    archive.entry({ name: "from/archive" }, "archived\n");
    archive.finalize();
    await using started = await busybox("cat /tmp/from/archive; sleep 60")
      .withCopyArchivesToContainer([{ tar: Readable.from(archive), target: "/tmp" }])
      .withWaitStrategy(Wait.forLogMessage("archived"))
      .start();
    expect((await started.exec("ls /tmp/from")).output).toBe("archive\n");
  });
});

describe("exec", () => {
  it("splits a line, feeds standard input, and streams", async () => {
    await using started = await busybox().start();
    expect((await started.exec(`echo 'one  two' "three"`)).stdout).toBe("one  two three\n");
    expect(
      await started.exec(["sh", "-c", "cat; echo $X; id -u; pwd"], { stdin: "input\n", env: { X: "y" }, user: "app", workingDir: "/tmp" }),
    ).toMatchObject({
      exitCode: 0,
      stdout: "input\ny\n1000\n/tmp\n",
    });
    expect((await started.exec("true", { stdin: "x".repeat(1 << 20) })).exitCode).toBe(0);
    const shell = await started.execStream("sh");
    shell.stdin?.end("echo streamed; exit 3\n");
    expect(await text(shell.stdout)).toBe("streamed\n");
    expect((await shell.exit).exitCode).toBe(3);
    await expect(started.exec("nonesuch")).rejects.toMatchObject({ code: "COMMAND_NOT_FOUND", facts: { exitCode: 127 } });
    await expect(started.exec("/etc/passwd")).rejects.toMatchObject({ code: "COMMAND_NOT_EXECUTABLE", facts: { exitCode: 126 } });
    await expect(started.exec("sleep 60", { signal: AbortSignal.timeout(50) })).resolves.toMatchObject({ exitCode: 137 });
  });
});

describe("looking and holding", () => {
  it("pauses and goes on, tells use, processes and changed files, and takes other limits", async () => {
    const script = 'echo x >/new; sleep 60 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done; echo ready; wait';
    await using started = await busybox(script).withWaitStrategy(Wait.forLogMessage("ready")).start();
    await started.pause();
    await expect(started.exec("true")).rejects.toMatchObject({ code: "CONTAINER_PAUSED" });
    await started.unpause();
    for await (const { pids, memory } of started.stats({ oneShot: true })) {
      expect(pids.current).toBe(2);
      expect(memory.limitBytes).toBeGreaterThan(0);
    }
    expect((await started.top()).map(({ name }) => name)).toEqual(["sh", "sleep"]);
    expect(await started.changes()).toEqual([{ path: "/new", kind: "added" }]);
    await started.update({ restartPolicy: { name: "on-failure" } });
    expect((await started.inspect()).config.restartPolicy).toEqual({ name: "on-failure" });
  });

  it("gives a container what its builder was told", async () => {
    await using first = await busybox().withIpcMode("shareable").withUtsMode("host").start();
    await using second = await busybox("id -G; cat /proc/sys/kernel/msgmni; touch /x 2>&1; test -c /dev/fuse && echo device; sleep 60")
      .withGroups("4242")
      .withDevices([{ hostPath: "/dev/fuse" }])
      .withReadonlyRootFilesystem()
      .withInit()
      .withPidMode(`container:${first.getId()}`)
      .withIpcMode(`container:${first.getId()}`)
      .withWaitStrategy(Wait.forLogMessage("device"))
      .start();
    const lines: string[] = [];
    for await (const { line } of second.logs()) lines.push(line);
    expect(lines).toEqual(["0 4242", expect.stringMatching(/^\d+$/), "touch: /x: Read-only file system", "device"]);
    await using third = await busybox("cat /proc/sys/kernel/msgmni; sleep 60")
      .withSysctls({ "kernel.msgmni": "77" })
      .withWaitStrategy(Wait.forLogMessage("77"))
      .start();
    expect((await third.inspect()).state.running).toBe(true);
  });

  it("waits through the restarts of a container that comes up at the third try", async () => {
    await using started = await busybox("echo run >>/runs; [ $(wc -l </runs) = 3 ] || exit 1; echo up; sleep 60")
      .withRestartPolicy({ name: "on-failure", maximumRetryCount: 5 })
      .withWaitStrategy(Wait.forLogMessage("up"))
      .start();
    expect((await started.inspect()).restartCount).toBe(2);
    await expect(
      busybox("exit 4").withRestartPolicy({ name: "on-failure", maximumRetryCount: 1 }).withWaitStrategy(Wait.forLogMessage("up")).start(),
    ).rejects.toMatchObject({ code: "CONTAINER_EXITED", facts: { exitCode: 4 } });
  });
});

describe("life", () => {
  it("goes on after a restart, with its files and another wait", async () => {
    await using started = await busybox("echo boot >>/log; cat /log; exec httpd -f -p 80")
      .withExposedPorts(80)
      .withWaitStrategy(Wait.forAll([Wait.forLogMessage("boot"), Wait.forListeningPorts()]))
      .start();
    await started.restart();
    expect((await started.exec("cat /log")).output).toBe("boot\nboot\n");
    expect((await fetch(`http://localhost:${started.getFirstMappedPort()}/`)).status).toBe(404);
  });

  it("can end without removal, for its files to be looked at", async () => {
    const started = await busybox("echo kept >/file; echo ready; sleep 60")
      .withWaitStrategy(Wait.forLogMessage("ready"))
      .withAutoRemove(false)
      .start();
    const stopped = await started.stop();
    const extracted = (await stopped.copyArchiveFromContainer("/file")).pipe(extract());
    for await (const entry of extracted) expect(await text(entry)).toBe("kept\n");
    await stopped.remove();
    await expect(stopped.remove()).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
  });

  it("can become an image", async () => {
    await using started = await busybox("echo made >/file; echo ready; sleep 60").withWaitStrategy(Wait.forLogMessage("ready")).start();
    const id = await started.commit({ repo: "example/made", tag: "1", changes: ['CMD ["cat", "/file"]'] });
    expect(id).toMatch(/^sha256:/);
    const again = await new Container("example/made:1", { engine }).withWaitStrategy(Wait.forOneShotStartup()).start();
    expect(await text(again.logs().readable("stdout"))).toBe("made\n");
    await again.stop();
  });

  it("tells subclasses of each step, and how long each took", async () => {
    const steps: string[] = [];
    class Watched extends Container {
      protected override async beforeContainerCreated() {
        steps.push("before");
        this.withEnvironment({ ADDED: "late" });
      }
      protected override async containerCreated() {
        steps.push("created");
      }
      protected override async containerStarting() {
        steps.push("starting");
      }
      protected override async containerStarted() {
        steps.push("started");
      }
    }
    await using started = await new Watched("busybox", { engine }).withCommand(["sleep", "60"]).start();
    expect(steps).toEqual(["before", "created", "starting", "started"]);
    expect((await started.exec(["sh", "-c", "echo $ADDED"])).output).toBe("late\n");
    expect(Object.keys(started.getStartupTimings())).toEqual(["image", "create", "start", "ready"]);
  });

  it("hands its output to a consumer", async () => {
    const file = path.join(home, "consumed");
    const chunks: Buffer[] = [];
    const started = await busybox("echo one; echo two >&2; sleep 60")
      .withLogConsumer((stream) => stream.on("data", (chunk: Buffer) => chunks.push(chunk)))
      .withWaitStrategy(Wait.forLogMessage("two"))
      .start();
    await started.stop();
    await writeFile(file, Buffer.concat(chunks));
    expect(await readFile(file, "utf8")).toBe("one\ntwo\n");
  });
});

describe("options", () => {
  it("reach the container", async () => {
    await using started = await busybox()
      .withUlimits({ nofile: { soft: 100, hard: 200 } })
      .withSharedMemorySize(8 << 20)
      .withExtraHosts([{ host: "db.example", ipAddress: "192.0.2.7" }])
      .withHostname("box")
      .withUser("app")
      .withSecurityOpt("no-new-privileges")
      .withLabels({ team: "a" })
      .withTmpFs({ "/scratch": "size=1m" })
      .start();
    const script =
      "ulimit -n; ulimit -Hn; df -k /dev/shm | tail -1 | awk '{print $2}'; grep db.example /etc/hosts; hostname; id -u; grep NoNewPrivs /proc/self/status; df -k /scratch | tail -1 | awk '{print $2}'";
    expect((await started.exec(["sh", "-c", script])).output.replace(/[ \t]+/g, " ").split("\n")).toEqual([
      "100",
      "200",
      "8192",
      "192.0.2.7 db.example",
      "box",
      "1000",
      "NoNewPrivs: 1",
      "1024",
      "",
    ]);
    expect(started.getLabels()).toMatchObject({ team: "a" });
    expect(started.getHostname()).toBe("box");
  });

  it("are refused by name when they are malformed", async () => {
    await expect(
      busybox()
        .withUlimits({ files: { soft: 1, hard: 1 } })
        .start(),
    ).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(busybox().withUser("nobody-here").start()).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(() => busybox().withSecurityOpt("everything")).toThrow(/Allowed:/);
  });

  it("ask the registry every time when told to", async () => {
    const always = new Container("127.0.0.1:1/busybox", { engine }).withPullPolicy(PullPolicy.alwaysPull());
    await engine.images.tag("busybox", "127.0.0.1:1/busybox");
    await expect(always.start()).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  });
});
