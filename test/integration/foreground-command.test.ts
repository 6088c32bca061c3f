/** Docker's flags of `run`, `create`, `start` and `attach`: containers in the foreground of a terminal, and what they are made with. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.cjs", import.meta.url));
let directory: string;
let home: string;
let caisson: CommandLine;
const said = (...words: string[]): Promise<string> => caisson.said(...words);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-foreground-"));
  home = path.join(directory, "home");
  caisson = commandLine(home, { CAISSON_SERVER_IDLE_EXIT: "2s", CAISSON_ENGINE: "builtin" });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  await said("import", "-c", 'CMD ["sh"]', path.join(directory, "busybox.tar"), "busybox");
});

afterAll(async () => {
  const ids = (await said("ps", "-aq")).split("\n").filter(Boolean);
  if (ids.length > 0) await said("rm", "-f", ...ids);
  await vi.waitUntil(() => !existsSync(path.join(home, "server.lock")), { timeout: 60_000, interval: 50 });
  await rm(directory, { recursive: true, force: true });
});

/** Runs a command on a pseudo-terminal of 33 rows and 77 columns, which util-linux's script makes. */
function onTerminal(...words: string[]): {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly code: Promise<number | null>;
} {
  const command = ["stty rows 33 cols 77; exec", process.execPath, MAIN, ...words].join(" ");
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    env: { ...process.env, CAISSON_HOME: home, CAISSON_ENGINE: "builtin", CAISSON_SERVER_IDLE_EXIT: "2s" },
  });
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
  });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => text, code };
}

describe("flags of docker's", () => {
  it.each(["run", "create", "start", "exec", "attach", "rm", "stop", "restart", "kill", "ps", "cp", "logs", "commit", "history", "import"])(
    "%s knows each of them, or says why not",
    async (command) => {
      const flagsOf = (help: string): string[] => [...help.matchAll(/^ +(?:-\w, )?--([a-z0-9-]+)/gm)].map(([, flag]) => flag!);
      const { stdout } = await promisify(execFile)("docker", [command, "--help"]);
      const own = flagsOf(await said(command, "--help"));
      for (const flag of flagsOf(stdout).filter((each) => !own.includes(each)))
        expect((await caisson.run([command, `--${flag}`, "x"])).stderr).toMatch(new RegExp(`^--${flag} is not served: .`));
    },
  );

  it("that are refused are named with the reason", async () => {
    expect(await caisson.run(["run", "--gpus", "all", "busybox"])).toEqual({
      code: 125,
      stdout: "",
      stderr: "--gpus is not served: name the devices with --device\nSee `caisson run --help`.\n",
    });
  });
});

describe("run", () => {
  it("connects what --attach names, and writes the id down", async () => {
    const cidfile = path.join(directory, "cid");
    const result = await caisson.run(["run", "-a", "stderr", "--cidfile", cidfile, "busybox", "sh", "-c", "echo out; echo err >&2"]);
    expect(result).toEqual({ code: 0, stdout: "", stderr: "err\n" });
    expect(await readFile(cidfile, "utf8")).toMatch(/^[0-9a-f]{64}$/);
    expect((await caisson.run(["run", "--cidfile", cidfile, "busybox"])).stderr).toContain(`${cidfile} is there already`);
    expect((await caisson.run(["run", "-d", "-a", "stdout", "busybox"])).code).toBe(125);
  });

  it("passes the resolver, labels of a file and notes on", async () => {
    const labels = path.join(directory, "labels");
    await writeFile(labels, "# these\nfrom=file\nboth=file\n");
    const flags = ["--dns", "10.9.8.7", "--dns-search", "example.com", "--dns-option", "ndots:3"];
    expect(await said("run", ...flags, "--network", "none", "busybox", "cat", "/etc/resolv.conf")).toMatch(
      /search example\.com\n(?:.*\n)*options .*ndots:3/,
    );
    const id = await said("create", "--label-file", labels, "-l", "both=flag", "--annotation", "note=seen", "busybox");
    const [made] = JSON.parse(await said("inspect", id));
    expect([made.labels, made.config.annotations.note]).toEqual([{ from: "file", both: "flag" }, "seen"]);
  });

  it("takes several networks, with addresses", async () => {
    await said("network", "create", "--subnet", "10.71.0.0/24", "here");
    await said("network", "create", "there");
    const id = await said("run", "-d", "--network", "name=here,ip=10.71.0.9,alias=me", "--network", "there", "busybox", "sleep", "1000");
    const [{ networks }] = JSON.parse(await said("inspect", id));
    expect([networks.here.ipAddress, Object.keys(networks)]).toEqual(["10.71.0.9", ["here", "there"]]);
    expect(await said("exec", id, "ping", "-c", "1", "me")).toContain("10.71.0.9");
    await said("rm", "-f", id);
    await said("network", "rm", "here", "there");
  });

  it("leaves signals alone with --sig-proxy=false", async () => {
    const { child, result } = caisson.start(["run", "--sig-proxy=false", "busybox", "sh", "-c", "trap 'exit 3' TERM; echo on; sleep 1000"]);
    await new Promise((resolve) => child.stdout!.once("data", resolve));
    child.kill("SIGTERM");
    expect(await result).toMatchObject({ code: null });
  });
});

describe("a terminal", () => {
  it("is connected by attach, with its size, and left by the keys for detaching", async () => {
    await said("run", "-d", "-it", "--name", "shell", "busybox", "sh");
    const { child, output, code } = onTerminal("attach", "shell");
    await vi.waitUntil(async () => {
      child.stdin!.write("stty size\n");
      return output().includes("33 77");
    }, 30_000);
    child.stdin!.write("\u0010\u0011");
    expect(await code).toBe(0);
    expect(await said("ps", "--format", "{{.Names}}")).toBe("shell");
  });

  it("is connected by start -a -i, and told the exit code", async () => {
    await said("kill", "shell");
    const { child, output, code } = onTerminal("start", "-a", "-i", "shell");
    await vi.waitUntil(() => output().includes("#"), 30_000);
    child.stdin!.write("exit 7\n");
    expect(await code).toBe(7);
    await said("rm", "shell");
  });

  it("is left with --detach-keys of run", async () => {
    const { child, output, code } = onTerminal("run", "-it", "--name", "keyed", "--detach-keys", "ctrl-e,x", "busybox", "sh");
    await vi.waitUntil(() => output().includes("#"), 30_000);
    child.stdin!.write("\u0005x");
    expect(await code).toBe(0);
    expect(await said("ps", "--format", "{{.Names}}")).toBe("keyed");
  });
});

describe("top", () => {
  it("takes ps's options", async () => {
    expect(await said("top", "keyed")).toMatch(/^UID +PID +PPID +C +STIME +TTY +TIME +CMD\n(root|0) .* sh$/);
    expect(await said("top", "keyed", "-o", "pid,comm")).toMatch(/^PID +COMMAND\n\d+ +sh$/);
    expect(await caisson.run(["top", "keyed", "-o", "comm"])).toMatchObject({ code: 1, stdout: "" });
  });
});

describe("what docker refuses", () => {
  it("is a name that a container has, also where the new one would be of this process alone", async () => {
    const { code, stderr } = await caisson.run(["run", "--name", "keyed", "busybox", "true"]);
    expect([code, stderr]).toEqual([125, expect.stringContaining("The name keyed is taken by container ")]);
  });

  it("is to remove what is to be restarted", async () => {
    for (const command of ["run", "create"]) {
      const { code, stderr } = await caisson.run([command, "--rm", "--restart", "always", "busybox", "true"]);
      expect([code, stderr]).toEqual([125, expect.stringContaining("cannot specify both --restart and --rm")]);
    }
    expect((await caisson.run(["run", "--rm", "--restart", "no", "busybox", "true"])).code).toBe(0);
  });

  it("is a command without its user or directory, as one that can't be executed", async () => {
    expect((await caisson.run(["exec", "-w", "/nosuch", "keyed", "true"])).code).toBe(126);
    expect((await caisson.run(["exec", "-u", "nosuch", "keyed", "true"])).code).toBe(126);
  });

  it("is each that is missing, and none of the others", async () => {
    await said("kill", "keyed");
    const { code, stdout, stderr } = await caisson.run(["wait", "nosuch", "keyed", "neither"]);
    expect([code, stdout]).toEqual([1, "137\n"]);
    expect(stderr).toMatch(/nosuch[\s\S]*neither/);
    await said("tag", "busybox", "other");
    const removal = await caisson.run(["image-rm", "-f", "nosuch", "other"]);
    expect(removal).toMatchObject({ code: 0, stdout: expect.stringContaining("Untagged: "), stderr: expect.stringContaining("nosuch") });
    expect((await caisson.run(["image-rm", "nosuch"])).code).toBe(1);
  });

  it("is to take by force off a network what is not on it", async () => {
    await said("network", "create", "left");
    await said("network", "connect", "left", "keyed");
    await said("network", "disconnect", "-f", "left", "keyed");
    const { code, stderr } = await caisson.run(["network", "disconnect", "-f", "left", "nosuch"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("endpoint nosuch not found")]);
    await said("network", "rm", "left");
    await said("rm", "keyed");
  });
});

describe("start -a", () => {
  it("prints what a container says once more, and returns its exit code", async () => {
    const id = await said("create", "busybox", "sh", "-c", "echo out; echo err >&2; exit 4");
    for (let times = 0; times < 2; times++)
      expect(await caisson.run(["start", "-a", id])).toEqual({ code: 4, stdout: "out\n", stderr: "err\n" });
    await said("rm", id);
  });
});

describe("logs", () => {
  it("keeps the lines of the streams apart on one pipe", async () => {
    const script = "printf 'out '; sleep 0.1; printf 'err ' >&2; sleep 0.1; echo more; sleep 0.1; echo again >&2; printf last";
    const id = await said("run", "-d", "busybox", "sh", "-c", script);
    const show = (...flags: string[]) => ["logs", ...flags, id].join(" ");
    const env = { ...process.env, CAISSON_HOME: home, CAISSON_ENGINE: "builtin" };
    const shown = async (...flags: string[]) =>
      (await promisify(execFile)("sh", ["-c", `${process.execPath} ${MAIN} ${show(...flags)} 2>&1`], { env })).stdout;
    expect(await shown("-f")).toBe("out more\nerr again\nlast");
    expect(await shown("--tail", "2")).toBe("err again\nlast");
    await said("rm", "-f", id);
  });
});

describe("events", () => {
  it("tell of the signals that end a container", async () => {
    const begin = new Date().toISOString();
    const id = await said("run", "-d", "busybox", "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done");
    const other = await said("run", "-d", "busybox", "sleep", "1000");
    await said("stop", id);
    await said("rm", "-f", other);
    const until = new Date().toISOString();
    const told = (await said("events", "--since", begin, "--until", until, "--filter", "type=container", "--json"))
      .split("\n")
      .map((line) => JSON.parse(line));
    const actions = (container: string) =>
      told
        .filter((event) => event.id === container)
        .map((event) => [event.action, ...(event.attributes.signal ? [event.attributes.signal] : [])].join(" "));
    const formatted = ["events", "--since", begin, "--until", until, "--filter", `container=${id}`, "--format", "{{json .}}"];
    expect(Object.keys(JSON.parse((await said(...formatted)).split("\n")[0]!)).join()).toBe(
      "status,id,from,Type,Action,Actor,scope,time,timeNano",
    );
    expect(actions(id)).toEqual(["create", "start", "kill 15", "die", "stop"]);
    expect(actions(other)).toEqual(["create", "start", "kill 9", "die", "destroy"]);
    await said("rm", id);
  });
});
