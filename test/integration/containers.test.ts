import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ContainerSpec, Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";

let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-containers-"));
  engine = await openEngine({ home, engine: "builtin" });
  await ensureBusyboxImage(engine);
});

afterEach(async () => {
  for (const { id } of await engine.containers.list({ all: true })) await engine.containers.remove(id, { force: true });
});

afterAll(async () => {
  await engine.close();
  const left = { sessions: readdirSync(path.join(home, "sessions")), mounts: mountsBelow(home) };
  await rm(home, { recursive: true, force: true });
  expect(left).toEqual({ sessions: [], mounts: [] });
});

function mountsBelow(directory: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(directory));
}

async function start(spec: Omit<ContainerSpec, "image">): Promise<string> {
  const { id } = await engine.containers.create({ image: "busybox", ...spec });
  await engine.containers.start(id);
  return id;
}

/** Runs a shell script to its end. */
async function shell(script: string, spec: Omit<ContainerSpec, "image" | "command"> = {}) {
  const id = await start({ ...spec, command: ["sh", "-c", script] });
  const exit = await engine.containers.wait(id);
  const output = { stdout: "", stderr: "" };
  for await (const { stream, data } of engine.containers.logs(id)) output[stream] += data.toString();
  return { ...output, ...exit };
}

describe("a container", () => {
  it("keeps its exit code, and its two outputs apart", async () => {
    expect(await shell("echo out; echo err >&2; exit 3")).toEqual({ stdout: "out\n", stderr: "err\n", exitCode: 3, oomKilled: false });
  });

  it("tells by which signal it ended", async () => {
    const id = await start({ command: ["sleep", "60"], init: true });
    await engine.containers.kill(id);
    expect(await engine.containers.wait(id)).toEqual({ exitCode: 137, signal: "SIGKILL", oomKilled: false });
  });

  it("has Docker's capabilities, a seccomp filter and no way to the host's files", async () => {
    const { stdout } = await shell(
      "grep -E '^(CapEff|CapInh|Seccomp):' /proc/self/status; ls /; cat /proc/1/comm; mount -t tmpfs x /tmp || echo refused",
    );
    expect(stdout).toContain("CapInh:\t0000000000000000\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n");
    expect(stdout).toContain("bin\ndev\netc\nhome\nproc\nroot\nsys\ntmp\nusr\nvar\nsh\nrefused");
  });

  it("runs as the user that its own files name", async () => {
    expect((await shell("id -u; id -G; echo $HOME", { user: "app" })).stdout).toBe("1000\n1000 2000\n/home/app\n");
  });

  it("has the environment, the host name, the mounts and the limits it was given", async () => {
    const { stdout } = await shell(
      "echo $A; hostname; pwd; ulimit -n; cat /data/package.json | head -c 1; touch /data/x 2>&1; cat /proc/sys/net/core/somaxconn",
      {
        env: { A: "b c" },
        hostname: "box",
        workingDir: "/made/here",
        ulimits: [{ name: "nofile", soft: 512, hard: 512 }],
        mounts: [{ type: "bind", source: process.cwd(), target: "/data", readonly: true }],
        sysctls: { "net.core.somaxconn": "99" },
      },
    );
    expect(stdout).toBe("b c\nbox\n/made/here\n512\n{touch: /data/x: Read-only file system\n99\n");
  });

  it("can be read-only", async () => {
    expect(
      (await shell("touch /x 2>&1; touch /tmp/y && echo ok", { readonlyRootfs: true, mounts: [{ type: "tmpfs", target: "/tmp" }] })).stdout,
    ).toBe("touch: /x: Read-only file system\nok\n");
  });

  it("may not open devices of the host", async () => {
    expect((await shell("mknod /tmp/disk b 253 0 && dd if=/tmp/disk of=/dev/null count=1 2>&1")).stdout).toContain(
      "Operation not permitted",
    );
  });

  it.runIf(process.getuid?.() === 0)("is killed for memory beyond its limit, and says so", async (context) => {
    if (!engine.supports.limits.memory) context.skip("this host enforces no memory limits");
    const exit = await shell("tail /dev/zero", { resources: { memoryBytes: 32 << 20 } });
    expect(exit).toMatchObject({ exitCode: 137, oomKilled: true });
  });
});

describe("a start that fails", () => {
  it("names a command that is not there", async () => {
    await expect(start({ command: ["nonesuch"] })).rejects.toMatchObject({
      code: "COMMAND_NOT_FOUND",
      facts: { command: "nonesuch", exitCode: 127 },
    });
  });

  it("names a command that can't be executed", async () => {
    await expect(start({ command: ["/etc/passwd"] })).rejects.toMatchObject({
      code: "COMMAND_NOT_EXECUTABLE",
      facts: { exitCode: 126, errno: "EACCES" },
    });
  });

  it.each([
    [{ image: "busybox", comand: ["x"] }, "comand"],
    [{ image: "busybox", networkMode: "bridge" }, "networkMode"],
    [{ image: "busybox", publish: [{ containerPort: 70000 }] }, "publish.containerPort"],
    [{ image: "busybox", user: "nobody-here" }, "user"],
    [{ image: "busybox", capAdd: ["FLY"] }, "capAdd"],
    [{ image: "busybox", sysctls: { "vm.swappiness": "1" } }, "sysctls"],
  ])("names the malformed option of %j", async (spec, option) => {
    const attempt = engine.containers.create(spec as ContainerSpec).then(({ id }) => engine.containers.start(id));
    await expect(attempt).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option } });
  });

  it("refuses a name that is taken, and an image that is not there", async () => {
    await engine.containers.create({ image: "busybox", name: "taken" });
    await expect(engine.containers.create({ image: "busybox", name: "taken" })).rejects.toMatchObject({ code: "CONTAINER_NAME_TAKEN" });
    await expect(engine.containers.create({ image: "nonesuch" })).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
  });
});

describe("a running container", () => {
  it("answers on the same published port of both loopback addresses", async () => {
    const id = await start({
      command: ["sh", "-c", "mkdir /www; echo hello >/www/index.html; exec httpd -f -p 80 -h /www"],
      publish: [{ containerPort: 80 }],
    });
    await engine.containers.waitListening(id, { ports: [{ port: 80, protocol: "tcp" }] });
    const { ports } = await engine.containers.inspect(id);
    expect(ports.map((port) => port.hostIp)).toEqual(["127.0.0.1", "::1"]);
    expect(new Set(ports.map((port) => port.hostPort)).size).toBe(1);
    for (const host of ["127.0.0.1", "[::1]"]) expect(await (await fetch(`http://${host}:${ports[0]!.hostPort}/`)).text()).toBe("hello\n");
  });

  it("runs further processes with their own streams, user and exit", async () => {
    const id = await start({ command: ["sleep", "60"] });
    const process = await engine.containers.exec(id, { command: ["sh", "-c", "id -u; cat >&2; exit 5"], user: "app", stdin: true });
    process.stdin!.end("to stdin");
    expect([await text(process.stdout), await text(process.stderr), await process.exit]).toEqual([
      "1000\n",
      "to stdin",
      { exitCode: 5, oomKilled: false },
    ]);
    await expect(engine.containers.exec(id, { command: ["nonesuch"] })).rejects.toMatchObject({ code: "COMMAND_NOT_FOUND" });
  });

  it("becomes an image that starts with what was written", async () => {
    const id = await start({ command: ["sh", "-c", "echo kept >/file; rm /etc/group"] });
    await engine.containers.wait(id);
    const image = await engine.containers.commit(id, { reference: "committed", changes: ['CMD ["sh", "-c", "cat /file; ls /etc"]'] });
    const { id: second } = await engine.containers.create({ image: image.id });
    await engine.containers.start(second);
    await engine.containers.wait(second);
    let output = "";
    for await (const { data } of engine.containers.logs(second)) output += data.toString();
    expect(output).toBe("kept\nhostname\nhosts\npasswd\nresolv.conf\n");
    await engine.containers.remove(second);
    await engine.images.remove("committed");
  });
});

describe("when the process that owns the containers is killed", () => {
  it.each(["owner", "supervisor"] as const)("nothing of them is left: kill -9 of the %s", async (victim) => {
    const child = spawn(process.execPath, [path.resolve("test/fixtures/owner.mjs"), home], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await new Promise<string>((resolve) => child.stdout.once("data", (data: Buffer) => resolve(data.toString())))).split(
        "\n",
      );
      const { pid, port, supervisor, session } = JSON.parse(line!) as { pid: number; port: number; supervisor: number; session: string };
      expect([lives(pid), lives(supervisor), await accepts(port)]).toEqual([true, true, true]);
      process.kill(victim === "owner" ? child.pid! : supervisor, "SIGKILL");
      await delay(1000);
      const cgroups = execFileSync("find", ["/sys/fs/cgroup", "-maxdepth", "5", "-name", `caisson-${session}`], { encoding: "utf8" });
      expect({
        container: lives(pid),
        supervisor: lives(supervisor),
        directory: existsSync(path.join(home, "sessions", session)),
        port: await accepts(port),
        cgroups,
      }).toEqual({ container: false, supervisor: false, directory: false, port: false, cgroups: "" });
    } finally {
      child.kill("SIGKILL");
    }
  });
});

/** A zombie has ended: it only waits for the host's init to take note. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("connect", () => socket.destroy()).on("error", () => resolve(false));
  });
}
