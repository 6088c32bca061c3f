/** The command line against the real engine, as a process of its own. */
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";

let scratch: string;
let caisson: CommandLine;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-cli-"));
  caisson = commandLine(path.join(scratch, "home"));
  await writeFile(path.join(scratch, "rootfs.tar"), await busyboxRootfs());
  const imported = await caisson.run([
    "import",
    "-c",
    "ENV PATH=/bin",
    "-c",
    'CMD ["sh"]',
    "-c",
    "EXPOSE 8080",
    "-m",
    "made for a test",
    path.join(scratch, "rootfs.tar"),
    "busybox:test",
  ]);
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) });
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

it("import takes instructions and a comment; inspect shows them", async () => {
  const [image] = JSON.parse((await caisson.run(["inspect", "busybox:test"])).stdout);
  expect(image).toMatchObject({
    references: ["busybox:test"],
    config: { env: ["PATH=/bin"], command: ["sh"], exposedPorts: ["8080/tcp"] },
    history: [{ comment: "made for a test" }],
  });
});

it("history shows what each step added", async () => {
  const [image] = JSON.parse((await caisson.run(["inspect", "busybox:test"])).stdout);
  expect(image.history).toEqual([expect.objectContaining({ emptyLayer: false, size: image.size })]);
  await caisson.run(["build", "-t", "stepped", "-"], "FROM busybox:test\nENV A=1\nRUN head -c 5000000 /dev/zero >/five\n");
  const columns = await caisson.said("history", "--format", "{{.CreatedBy}}|{{.Size}}|{{.Comment}}", "stepped");
  const [run, env, base] = columns.split("\n");
  expect(run).toMatch(/^RUN .*head.*\|5MB\|/);
  expect(env).toMatch(/^ENV A=1.*\|0B\|/);
  expect(base).toMatch(/\|[\d.]+MB\|made for a test$/);
  const table = await caisson.said("history", "stepped");
  expect(table).toMatch(/^IMAGE +CREATED +CREATED BY +SIZE +COMMENT\n[0-9a-f]{12} .*\n<missing> /);
  await caisson.said("rmi", "stepped");
});

it("import reads the standard input, and an image without a name is reachable by its id", async () => {
  const { stdout } = await caisson.run(["import", "-", "--json"], await readFile(path.join(scratch, "rootfs.tar")));
  const { id, references } = JSON.parse(stdout);
  expect(references).toEqual([]);
  expect((await caisson.run(["run", id, "echo", "by id"])).stdout).toBe("by id\n");
  expect((await caisson.run(["rmi", id])).stdout).toContain(`Deleted: ${id}`);
});

it("lists, tags, saves, removes and loads images", async () => {
  const archive = path.join(scratch, "saved.tar");
  expect((await caisson.run(["tag", "busybox:test", "other/name:1"])).code).toBe(0);
  const { stdout } = await caisson.run(["images", "other/name"]);
  expect(stdout).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n/);
  expect(stdout).toMatch(/^other\/name +1 +[0-9a-f]{12} +\d+ seconds? ago +[\d.]+MB$/m);
  expect((await caisson.run(["save", "-o", archive, "other/name:1"])).code).toBe(0);
  expect((await caisson.run(["image-rm", "other/name:1"])).stdout).toBe("Untagged: other/name:1\n");
  expect((await caisson.run(["load", "-i", archive])).stdout).toBe("Loaded: other/name:1\n");
  const list = JSON.parse((await caisson.run(["images", "--json"])).stdout);
  expect(list[0].references).toEqual(expect.arrayContaining(["busybox:test", "other/name:1"]));
});

it("a name that is given again stands for the new image; the old one keeps its id", async () => {
  const ids: string[] = [];
  for (const value of [1, 2]) {
    const { code, stdout } = await caisson.run(["import", "-c", `ENV VALUE=${value}`, path.join(scratch, "rootfs.tar"), "twice"]);
    expect(code).toBe(0);
    ids.push(stdout.trim());
  }
  expect((await caisson.run(["run", "twice", "sh", "-c", "echo $VALUE"])).stdout).toBe("2\n");
  expect((await caisson.run(["run", ids[0]!, "sh", "-c", "echo $VALUE"])).stdout).toBe("1\n");
});

it("run passes output apart, and the exit code on", async () => {
  const result = await caisson.run(["run", "--rm", "-e", "A=1", "busybox:test", "sh", "-c", "echo out $A; echo err >&2; exit 7"]);
  expect(result).toEqual({ code: 7, stdout: "out 1\n", stderr: "err\n" });
});

it("run passes all of a long output on", async () => {
  const result = await caisson.run(["run", "busybox:test", "seq", "1", "200000"]);
  expect(result.stdout.split("\n")).toHaveLength(200_001);
});

it("run stays with a container that is restarted, to its last exit", async () => {
  const script = "echo x >>/runs; n=$(wc -l </runs); echo run $n; exit $n";
  expect(await caisson.run(["run", "--restart", "on-failure:2", "busybox:test", "sh", "-c", script])).toEqual({
    code: 3,
    stdout: "run 1\nrun 2\nrun 3\n",
    stderr: "",
  });
});

it("run passes docker's keys for detaching on to the program", async () => {
  const { child, result } = caisson.start([
    "run",
    "-i",
    "-t",
    "busybox:test",
    "sh",
    "-c",
    "stty raw -echo; echo ready; head -c 2 | od -An -tx1",
  ]);
  // Before it is raw, the terminal takes one of them for itself.
  await once(child.stdout!, "data");
  child.stdin!.end("\x10\x11");
  expect((await result).stdout).toContain("10 11");
});

it("run -i passes the standard input on, to its end", async () => {
  expect(await caisson.run(["run", "-i", "busybox:test", "cat"], "one\ntwo\n")).toMatchObject({ code: 0, stdout: "one\ntwo\n" });
});

it("run -t gives it a terminal", async () => {
  expect((await caisson.run(["run", "-t", "busybox:test", "sh", "-c", "tty; echo error >&2"])).stdout).toBe("/dev/pts/0\r\nerror\r\n");
});

it.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] as const)("run passes %s on", async (signal) => {
  const { child, result } = caisson.start([
    "run",
    "busybox:test",
    "sh",
    "-c",
    `trap 'echo got ${signal}; exit 3' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`,
  ]);
  await once(child.stdout!, "data");
  child.kill(signal);
  expect(await result).toEqual({ code: 3, stdout: `ready\ngot ${signal}\n`, stderr: "" });
});

it("run ends a container that ignores signals at the third of them", async () => {
  const { child, result } = caisson.start(["run", "busybox:test", "sh", "-c", "echo ready; sleep 60"]);
  await once(child.stdout!, "data");
  for (let count = 0; count < 3; count++) {
    child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect((await result).code).toBe(130);
});

it("run tells its own failures from the container's by the exit code", async () => {
  const missing = await caisson.run(["run", "--pull", "never", "nothing-here"]);
  expect(missing).toMatchObject({ code: 125, stderr: expect.stringMatching(/no image nothing-here here\nImages here: .*busybox:test/) });
  expect(await caisson.run(["run", "busybox:test", "no-such-command"])).toMatchObject({ code: 127 });
  expect(await caisson.run(["run", "busybox:test", "/etc/passwd"])).toMatchObject({ code: 126 });
  expect(await caisson.run(["run", "--bogus", "busybox:test"])).toMatchObject({ code: 125, stderr: expect.stringContaining("--bogus") });
});

it("misspelt commands and missing operands are met with help", async () => {
  expect(await caisson.run(["imagse"])).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean images or image?") });
  expect(await caisson.run(["tag", "one"])).toMatchObject({ code: 2, stderr: expect.stringContaining("needs IMAGE NAME[:TAG]") });
  expect(await caisson.run(["version", "more"])).toMatchObject({ code: 2, stderr: expect.stringContaining("too much") });
  expect((await caisson.run(["run", "--help"])).stdout).toContain("--env NAME[=VALUE]");
  expect((await caisson.run(["help", "run"])).stdout).toBe((await caisson.run(["run", "--help"])).stdout);
  expect((await caisson.run(["help", "volume", "ls"])).stdout).toMatch(/^Usage: caisson volume ls /);
  expect(await caisson.run(["help", "imagse"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("did you mean images or image?"),
  });
  expect(await caisson.run(["--host"])).toMatchObject({ code: 2, stderr: expect.stringContaining("needs the address of a daemon") });
});

it("failures are JSON where the output is", async () => {
  const { code, stderr } = await caisson.run(["image-rm", "--json", "nothing-here"]);
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "IMAGE_NOT_FOUND", facts: { reference: "nothing-here" } } });
});

it("doctor names every probe, and the supervisor that is missing", async () => {
  const healthy = await caisson.run(["doctor", "--json"]);
  expect(healthy.code).toBe(0);
  expect(JSON.parse(healthy.stdout).map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining([
      "kernel",
      "privileges",
      "data root",
      "cgroup",
      "supervisor",
      "session",
      "namespace mount",
      "user namespace",
      "mount",
      "overlay",
      "proc",
      "cgroup membership",
      "/dev/net/tun",
      "seccomp",
    ]),
  );
  const broken = await commandLine(path.join(scratch, "home"), { CAISSON_SUPERVISOR: "/nowhere", DOCKER_HOST: "unix:///nowhere.sock" }).run(
    ["doctor"],
  );
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/FAIL {2}supervisor .*\n +-> Point CAISSON_SUPERVISOR/);
  expect(broken.stdout).toMatch(/-- {4}overlay +not tried/);
  expect(broken.stdout).toMatch(/warn {2}daemon of DOCKER_HOST +unix:\/\/\/nowhere\.sock: there is no such socket/);
});
