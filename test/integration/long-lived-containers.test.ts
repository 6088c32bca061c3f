/** `caisson run -d` and what drives such containers: a server that starts by itself, and is gone when nothing is left. */
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";
import { NOTHING, remainsOf } from "../fixtures/remains.js";

let directory: string;
let home: string;
let caisson: CommandLine;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-lasting-"));
  home = path.join(directory, "home");
  caisson = commandLine(home, { CAISSON_SERVER_IDLE_EXIT: "2s", CAISSON_ENGINE: "builtin" });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  await said("import", "-c", 'CMD ["sh"]', path.join(directory, "busybox.tar"), "busybox");
});
afterAll(async () => {
  await caisson.run(["rm", "-f", "one", "two", "three"]);
  await serverGone();
  await rm(directory, { recursive: true, force: true });
});

const said = (...words: string[]): Promise<string> => caisson.said(...words);

async function serverPid(): Promise<number> {
  return Number((await readFile(path.join(home, "server.lock"), "utf8")).split(" ")[0]);
}

async function serverGone(): Promise<void> {
  await vi.waitUntil(() => !existsSync(path.join(home, "server.lock")), { timeout: 60_000, interval: 50 });
}

describe("containers that stay", () => {
  it("are followed in what they write in parts, too, each part once and each line with its own time", async () => {
    // Longer than what is read again where a log ends with its container.
    const parts = "printf one; echo oops >&2; sleep 2.5; printf two; sleep 0.2; echo three; echo end >&2; sleep 0.2; printf last";
    await said("run", "-d", "--name", "parts", "busybox", "sh", "-c", parts);
    const [plain, stamped] = await Promise.all([caisson.run(["logs", "-f", "parts"]), caisson.run(["logs", "-f", "-t", "parts"])]);
    expect([plain.stdout, plain.stderr]).toEqual(["onetwothree\nlast", "oops\nend\n"]);
    const year = new Date().getFullYear();
    expect(stamped.stdout).toMatch(new RegExp(`^${year}-\\S+Z onetwothree\n${year}-\\S+Z last$`));
    expect(stamped.stderr).toMatch(new RegExp(`^${year}-\\S+Z oops\n${year}-\\S+Z end\n$`));
    await said("rm", "parts");
  });

  it("outlive the command that made them, and are driven by others", async () => {
    const id = await said("run", "-d", "--name", "one", "-e", "A=b", "busybox", "sh", "-c", "echo hello; echo wrong >&2; exec sleep 1000");
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const table = (await said("ps")).split("\n");
    expect(table[0]).toMatch(/^CONTAINER ID {3,}IMAGE {3,}COMMAND {3,}CREATED {3,}STATUS {3,}PORTS {3,}NAMES$/);
    expect(table[1]).toMatch(new RegExp(`^${id.slice(0, 12)} {3}busybox {3}"sh -c 'echo hello; .*" .* ago {3,}Up .* one$`));
    expect(await said("ps", "-q", "--no-trunc", "--filter", "name=one")).toBe(id);
    expect(await said("ps", "--format", "{{.Names}} {{.State}}")).toBe("one running");
    expect(await said("ps", "--format", "table {{.Names}}\\t{{.State}}")).toBe("NAMES     STATE\none       running");
    expect(await said("ps", "--format", "table")).toMatch(/^CONTAINER ID {3,}IMAGE .* NAMES\n/);

    const logs = await caisson.run(["logs", "one"]);
    expect([logs.code, logs.stdout, logs.stderr]).toEqual([0, "hello\n", "wrong\n"]);
    expect((await caisson.run(["logs", "--timestamps", "one"])).stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z hello\n$/);

    expect(await caisson.run(["exec", "one", "sh", "-c", "echo $A; exit 7"])).toMatchObject({ code: 7, stdout: "b\n" });
    expect(await caisson.run(["exec", "-i", "-w", "/tmp", "one", "sh", "-c", "pwd; cat"], "typed")).toMatchObject({
      stdout: "/tmp\ntyped",
    });
    expect((await caisson.run(["exec", "one", "no-such-command"])).code).toBe(127);
    expect(await caisson.run(["exec", "one", "sh", "-c", "echo mine; exit 127"])).toMatchObject({
      code: 127,
      stdout: "mine\n",
      stderr: "",
    });
    expect(await said("run", "--pid", "container:one", "--rm", "busybox", "echo", "joined")).toBe("joined");

    expect(await said("stop", "-t", "0", "one")).toBe("one");
    expect(await said("ps")).toBe(table[0]?.replace(/ {3,}/g, "   "));
    expect(await said("ps", "-a", "--format", "{{.Status}}")).toMatch(/^Exited \(137\) .* ago$/);
    expect(await said("rm", "one")).toBe("one");
  });

  it("are measured, become images, and are told of", async () => {
    const begin = new Date(Date.now() - 1000).toISOString();
    const id = await said(
      "run",
      "-d",
      "--name",
      "two",
      "busybox",
      "sh",
      "-c",
      "echo written >/file; while :; do i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; sleep 0.05; done",
    );
    await vi.waitFor(async () => expect(await said("diff", "two")).toContain("A /file"), { timeout: 30_000, interval: 50 });
    const [headings, row = ""] = (await said("stats", "--no-stream", "two")).split("\n");
    expect(headings).toMatch(/^CONTAINER ID {3}NAME {3}CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/);
    expect(row).toMatch(
      new RegExp(`^${id.slice(0, 12)} {3}two {4}[\\d.]+% +[\\d.]+[KM]iB / [\\d.]+GiB +[\\d.]+% +.*B / .*B +.*B / .*B +[12]$`),
    );
    const cpu = await said("stats", "--no-stream", "--format", "{{.Name}} {{.CPUPerc}}");
    expect(Number.parseFloat(cpu.split(" ")[1]!)).toBeGreaterThan(0);
    expect(await said("stats", "--no-stream", "--format", "{{.Container}}", id.slice(0, 7), "two")).toBe(`${id.slice(0, 7)}\ntwo`);
    expect(await said("stats", "--no-stream", "--format", "{{.Container}}")).toContain(id.slice(0, 12));
    expect(await said("stats", "--no-stream", "--format", "table {{.ID}}\\t{{.PIDs}}", "--no-trunc", "two")).toEqual(
      expect.stringMatching(new RegExp(`^${"CONTAINER ID".padEnd(67)}PIDS\\n${id}   [12]$`)),
    );
    const image = await said("commit", "-a", "me", "-m", "a file", "-c", "ENV A=committed", "two", "made:1");
    expect(image).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await said("run", "--rm", "made:1", "sh", "-c", "cat /file; echo $A")).toBe("written\ncommitted");
    await said("stop", "-t", "0", "two");
    expect((await said("stats", "two")).split("\n")[1]).toMatch(new RegExp(`^${id.slice(0, 12)} {3}two {4}-- +-- / -- `));
    await said("rm", "-f", "two");
    expect(JSON.parse(await said("stats", "--json"))).toEqual([]);
    const until = new Date().toISOString();
    const told = await said("events", "--since", begin, "--until", until, "--filter", "container=two", "--filter", "type=container");
    const actions = told.split("\n").map((line) => line.split(" ")[2]);
    expect(actions).toEqual(expect.arrayContaining(["create", "start", "commit", "die", "destroy"]));
    expect(told.split("\n")[0]).toMatch(new RegExp(`^\\d{4}-.*Z container create ${id} \\(.*image=busybox.*name=two.*\\)$`));
    const json = await said("events", "--since", begin, "--until", until, "--filter", "event=die", "--json");
    expect(json.split("\n").map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ type: "container", action: "die", id }),
    );
  });

  it("share the one server of commands that start it at once, and leave nothing once it has gone idle", async () => {
    await serverGone();
    const names = ["one", "two", "three"];
    await Promise.all(names.map((name) => said("run", "-d", "--name", name, "busybox", "sleep", "1000")));
    const pid = await serverPid();
    const sessions = readdirSync(path.join(home, "sessions"));
    expect((await said("ps", "--format", "{{.Names}}")).split("\n").sort()).toEqual([...names].sort());
    expect(await said("rm", "-f", ...names)).toBe(names.join("\n"));
    await serverGone();
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 60_000 }).toBe(false);
    for (const session of sessions) expect(remainsOf(home, session)).toEqual(NOTHING);
    expect(existsSync(path.join(home, "caisson.sock"))).toBe(false);
  });

  it("end by themselves, and are removed with --rm", async () => {
    await said("run", "-d", "--rm", "--name", "two", "busybox", "sleep", "1000");
    await said("kill", "two");
    await expect.poll(() => said("ps", "-aq"), { timeout: 60_000 }).toBe("");
  });

  it("are refused in docker's words, with the end of the log where the server can't start", async () => {
    const missing = await caisson.run(["stop", "nobody"]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("No such container: nobody")]);
    const moon = await caisson.run(["run", "-d", "--network", "moon", "busybox"]);
    expect([moon.code, moon.stderr]).toEqual([125, expect.stringContaining("moon")]);
    const broken = commandLine(path.join(directory, "other"), { CAISSON_SERVER_IDLE_EXIT: "soon", CAISSON_ENGINE: "builtin" });
    const { code, stderr } = await broken.run(["run", "-d", "busybox"]);
    expect([code, stderr]).toEqual([125, expect.stringContaining("--idle-exit takes a duration")]);
  });
});

describe("each command of a container's life", () => {
  it("freezes it, lets it go on, gives it another name, and starts it again", async () => {
    await said("run", "-d", "--name", "one", "busybox", "sh", "-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.1; done");
    const state = (): Promise<string> => said("ps", "-a", "--format", "{{.Names}} {{.State}}");
    await said("pause", "one");
    expect(await state()).toBe("one paused");
    await said("unpause", "one");
    await said("rename", "one", "two");
    expect(await state()).toBe("two running");

    const waiting = said("wait", "two");
    await said("stop", "two");
    expect(await waiting).toBe("3");
    expect(await state()).toBe("two exited");
    await said("start", "two");
    await said("restart", "-t", "0", "two");
    expect(await state()).toBe("two running");
    expect(await said("logs", "two")).toBe("up\nup\nup");
    expect(await said("logs", "--tail", "1", "two")).toBe("up");
    await said("rm", "-f", "two");
  });

  it("follows what it writes, and leaves a command running in it", async () => {
    await said("run", "-d", "--name", "one", "busybox", "sh", "-c", "echo first; until [ -e /go ]; do sleep 0.05; done; echo last");
    const following = said("logs", "--follow", "one");
    await said("exec", "-d", "one", "touch", "/go");
    expect(await following).toBe("first\nlast");
    expect((await caisson.run(["exec", "one", "true"])).code).toBe(1);
    await said("rm", "one");
  });
});

describe("what a container is and has", () => {
  it("tells its processes, its published ports and its changes", async () => {
    await said("run", "-d", "--name", "one", "-p", "127.0.0.1::80", "busybox", "sh", "-c", "touch /new; rm /bin/true; exec sleep 1000");
    expect(await said("port", "one")).toMatch(/^80\/tcp -> 127\.0\.0\.1:\d+$/);
    expect(await said("port", "one", "80")).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await caisson.run(["port", "one", "81"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "No public port '81' published for one\n",
    });
    await expect
      .poll(() => said("top", "one"), { timeout: 60_000 })
      .toMatch(/^UID {2,}PID {2,}PPID {2,}C {2,}STIME {2,}TTY {2,}TIME {2,}CMD\n(root|0) .* sleep 1000$/);
    expect((await said("diff", "one")).split("\n")).toEqual(expect.arrayContaining(["A /new", "C /bin", "D /bin/true"]));
    await said("rm", "-f", "one");
  });

  it("reaches others by their names on a network, which goes when it is left", async () => {
    const id = await said("network", "create", "--label", "of=test", "--subnet", "10.213.7.0/24", "--gateway", "10.213.7.9", "moon");
    expect(await said("network", "ls", "-q", "--no-trunc", "-f", "name=moon", "-f", "label=of=test")).toBe(id);
    expect((await said("network", "ls")).split("\n")[0]).toMatch(/^NETWORK ID {2,}NAME {2,}DRIVER {2,}SCOPE$/);
    expect(JSON.parse(await said("network", "inspect", "moon"))).toMatchObject([
      { id, name: "moon", subnets: [{ subnet: "10.213.7.0/24", gateway: "10.213.7.9" }] },
    ]);
    await said("run", "-d", "--name", "one", "--network", "moon", "--network-alias", "crater", "busybox", "sleep", "1000");
    await said("run", "-d", "--name", "two", "busybox", "sleep", "1000");
    await said("network", "connect", "--ip", "10.213.7.77", "moon", "two");
    expect(await said("exec", "two", "ping", "-c", "1", "crater")).toContain("1 packets received");
    expect(await said("exec", "two", "ip", "-4", "address")).toContain("10.213.7.77/24");
    expect(await caisson.run(["network", "rm", "moon"])).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("moon") });
    await said("network", "disconnect", "moon", "two");
    await said("rm", "-f", "one", "two");
    expect(await said("network", "prune")).toBe("moon");
    expect(await said("network", "rm", "--force", "moon")).toBe("moon");
  });

  it.each([
    [["run", "-d", "--network-alias", "crater", "busybox"], "--network NAME"],
    [["network", "create", "--driver", "overlay", "moon"], "none but bridge"],
    [["network", "create", "--gateway", "10.0.0.1", "moon"], "--gateway needs the --subnet"],
    [["network", "create", "--ip-range", "10.0.0.0/28", "moon"], "--ip-range needs the --subnet"],
    [["network", "create", "--subnet", "10.0.0.0/99", "moon"], "10.0.0.0/99"],
    [["network", "ls", "--filter", "color=red"], "label, name"],
    [["ps", "--filter", "color=red"], "ancestor"],
    [["logs", "--tail", "some", "one"], "tail"],
    [["logs", "--since", "yesterday", "one"], "yesterday"],
    [["stop", "--time", "soon", "one"], "time"],
  ])("refuses %j", async (words, told) => {
    const { code, stderr } = await caisson.run(words);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(told)]);
  });
});
