/** What a server leaves, however it ends, and what the next one on its data root finds: through docker's command line. */
import { type ChildProcess, execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";

const run = promisify(execFile);
let directory: string;
let home: string;
let caisson: CommandLine;
let server: Server | undefined;

interface Server {
  readonly child: ChildProcess;
  readonly code: Promise<number | null>;
  readonly stderr: Promise<string>;
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-kept-"));
  home = path.join(directory, "home");
  caisson = commandLine(home, { CAISSON_ENGINE: "builtin" });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  for (const [name, ...changes] of [["busybox"], ["withvolume", "-c", "VOLUME /data"]] as const)
    expect((await caisson.run(["import", "-c", 'CMD ["sh"]', ...changes, path.join(directory, "busybox.tar"), name ?? ""])).code).toBe(0);
});
afterAll(() => rm(directory, { recursive: true, force: true }));
beforeEach(() => start());
afterEach(async () => {
  const ids = (await docker("ps", "-aq")).split("\n").filter(Boolean);
  if (ids.length > 0) await docker("rm", "-f", "-v", ...ids);
  await docker("network", "prune", "-f");
  await end("SIGTERM");
  expect([await readdir(path.join(home, "containers")), await readdir(path.join(home, "sessions"))]).toEqual([[], []]);
});

async function start(): Promise<void> {
  const { child, result } = caisson.start(["serve", "-H", `unix://${directory}/api.sock`]);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    void result.then(({ stderr }) => reject(new Error(stderr)));
  });
  server = { child, code: result.then(({ code }) => code), stderr: result.then(({ stderr }) => stderr) };
}

async function end(signal: NodeJS.Signals): Promise<string> {
  server?.child.kill(signal);
  await server?.code;
  return server ? server.stderr : "";
}

async function docker(...words: string[]): Promise<string> {
  const env = { ...process.env, DOCKER_HOST: `unix://${directory}/api.sock`, DOCKER_CONFIG: directory };
  return (await run("docker", words, { env })).stdout.trim();
}

const states = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await docker("ps", "-a", "--format", "{{.Names}} {{.State}}")).split("\n").map((line) => line.split(" ")));

describe.each(["SIGTERM", "SIGKILL"] as const)("after a server that ended with %s", (signal) => {
  it("containers are there with their files, logs, names and words", async () => {
    await docker("network", "create", "--subnet", "10.77.0.0/24", "--label", "a=b", "net");
    const id = await docker(
      ...["run", "-d", "--stop-signal", "KILL", "--name", "one", "-e", "SECRET=x", "-l", "k=v"],
      ...["--network", "net", "--network-alias", "alias"],
      ...["-v", "named:/n", "withvolume", "sh", "-c", "echo written >/file; echo kept >/data/f; echo n >/n/f; echo said; exec sleep 1000"],
    );
    await expect.poll(() => docker("logs", "one")).toBe("said");
    const before = JSON.parse(await docker("inspect", "one"))[0];
    const network = JSON.parse(await docker("network", "inspect", "net"))[0];
    await docker("create", "--name", "never", "busybox");
    await end(signal);
    await start();

    const after = JSON.parse(await docker("inspect", "one"))[0];
    expect(after.State).toMatchObject({ Status: "exited", ExitCode: 137, StartedAt: before.State.StartedAt, Pid: 0 });
    for (const part of ["Id", "Name", "Created", "Image", "Config", "HostConfig", "Mounts", "Args"])
      expect(after[part]).toEqual(before[part]);
    expect(JSON.parse(await docker("network", "inspect", "net"))[0]).toEqual({ ...network, Containers: expect.anything() });
    expect(await states()).toEqual({ one: "exited", never: "created" });
    expect(await docker("logs", "one")).toBe("said");
    expect(await docker("diff", "one")).toContain("A /file");
    await expect(
      run("docker", ["network", "rm", "nothing"], { env: { ...process.env, DOCKER_HOST: `unix://${directory}/api.sock` } }),
    ).rejects.toThrow();

    await docker("start", "one");
    expect(await docker("exec", "one", "cat", "/file", "/data/f", "/n/f")).toBe("written\nkept\nn");
    expect(await docker("run", "--rm", "--network", "net", "busybox", "ping", "-c1", "-W2", "alias")).toContain("1 packets received");
    const again = JSON.parse(await docker("inspect", "one"))[0];
    expect(again.NetworkSettings.Networks.net.IPAddress).toBe(before.NetworkSettings.Networks.net.IPAddress);
    await expect.poll(() => docker("logs", "one")).toBe("said\nsaid");
    expect(again.Id).toBe(id);

    // Its own volume is gone with it, the named one is not.
    const volumes = (await docker("volume", "ls", "-q")).split("\n");
    expect(volumes).toHaveLength(2);
    await docker("rm", "-f", "-v", "one");
    expect(await docker("volume", "ls", "-q")).toBe("named");
    await docker("volume", "rm", "named");
  });

  it("restart policies hold", async () => {
    for (const policy of ["always", "unless-stopped", "on-failure", "no"]) {
      await docker("run", "-d", "--stop-signal", "KILL", "--restart", policy, "--name", `running-${policy}`, "busybox", "sleep", "1000");
      await docker("run", "-d", "--stop-signal", "KILL", "--restart", policy, "--name", `stopped-${policy}`, "busybox", "sleep", "1000");
      await docker("stop", "-t", "0", `stopped-${policy}`);
      await docker("create", "--restart", policy, "--name", `created-${policy}`, "busybox", "sleep", "1000");
    }
    await docker("run", "-d", "--stop-signal", "KILL", "--rm", "--name", "removed", "busybox", "sleep", "1000");
    await docker(
      "run",
      "-d",
      "--stop-signal",
      "KILL",
      "--restart",
      "always",
      "--name",
      "member",
      "--network",
      "container:running-always",
      "busybox",
      "sleep",
      "1000",
    );
    await end(signal);
    await start();
    // What dockerd 20.10 does: a container that was stopped has exit code 137, which is a failure.
    expect(await states()).toEqual({
      "running-always": "running",
      "running-unless-stopped": "running",
      "running-on-failure": "running",
      "running-no": "exited",
      "stopped-always": "running",
      "stopped-unless-stopped": "exited",
      "stopped-on-failure": "running",
      "stopped-no": "exited",
      "created-always": "created",
      "created-unless-stopped": "created",
      "created-on-failure": "created",
      "created-no": "created",
      member: "running",
    });
  }, 120_000);
});

describe("a server", () => {
  it("that ends by SIGTERM lets its containers end in their own way", async () => {
    await docker("run", "-d", "--name", "polite", "busybox", "sh", "-c", "trap 'echo bye; exit 5' TERM; while :; do sleep 0.05; done");
    await expect.poll(() => docker("exec", "polite", "sh", "-c", "grep SigCgt /proc/1/status")).toMatch(/[4567c-f]...$/);
    await end("SIGTERM");
    await start();
    expect(await docker("inspect", "--format", "{{.State.ExitCode}} {{.State.Status}}", "polite")).toBe("5 exited");
    expect(await docker("logs", "polite")).toBe("bye");
  });

  it("that ends does not wait as long as somebody's stop may last", async () => {
    const stubborn = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
    await docker("run", "-d", "--name", "stubborn", "--stop-timeout", "1", "busybox", "sh", "-c", stubborn);
    await expect.poll(() => docker("logs", "stubborn")).toBe("ready");
    const stopped = docker("stop", "-t", "-1", "stubborn").catch(() => {});
    await expect.poll(() => docker("events", "--filter", "event=kill", "--since", "1m", "--until", "0s")).toContain("stubborn");
    await end("SIGTERM");
    await stopped;
    await start();
    expect(await states()).toEqual({ stubborn: "exited" });
  });

  it("says what it could not take up, and leaves it", async () => {
    await docker("create", "--name", "broken", "busybox");
    await docker("create", "--name", "whole", "busybox");
    const id = await docker("ps", "-aq", "--no-trunc", "--filter", "name=broken");
    await end("SIGTERM");
    const file = path.join(home, "containers", `${id}.json`);
    const content = await readFile(file);
    await writeFile(file, content.subarray(0, 100));
    await start();
    expect(await states()).toEqual({ whole: "created" });
    expect(await end("SIGTERM")).toContain(`${file}: `);
    await writeFile(file, content);
    await start();
    expect(await states()).toEqual({ whole: "created", broken: "created" });
  });

  it("leaves alone what was stopped while it waited for its next restart", async () => {
    await docker("run", "-d", "--name", "looping", "--restart", "unless-stopped", "busybox", "false");
    await expect.poll(async () => (await states())["looping"], { interval: 5, timeout: 20_000 }).toBe("restarting");
    await docker("stop", "looping");
    await end("SIGKILL");
    await start();
    expect(await docker("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "looping")).toBe("exited 1");
  });

  it("keeps an image that a container stands on, while it rests as well", async () => {
    await docker("create", "--name", "stands", "busybox");
    await end("SIGTERM");
    const refused = await caisson.run(["image-rm", "busybox"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("is used by stands")]);
    await start();
  });

  it("that is killed while a container is removed finishes that", async () => {
    const id = await docker("run", "-d", "busybox", "sleep", "1000");
    await end("SIGKILL");
    await rm(path.join(home, "containers", id), { recursive: true });
    await start();
    expect(await docker("ps", "-aq")).toBe("");
    expect(existsSync(path.join(home, "containers", `${id}.json`))).toBe(false);
  });

  it("ends when its supervisor has ended, so that the next one takes over", async () => {
    await docker("run", "-d", "--name", "left", "--restart", "always", "busybox", "sleep", "1000");
    const children = await readFile(`/proc/${server?.child.pid}/task/${server?.child.pid}/children`, "utf8");
    process.kill(Number(children.trim().split(" ")[0]), "SIGKILL");
    await server?.code;
    await start();
    expect(await states()).toEqual({ left: "running" });
  });
});
