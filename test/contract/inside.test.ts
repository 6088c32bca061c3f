/** Isolation as the isolated see it: what a process in a container has, sees and may do, asked from inside. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerSpec } from "../../src/engine/engine.js";
import { run } from "../fixtures/command.js";
import { ROOTLESS, SINGLE_ID } from "../fixtures/rootless.js";
import { OWN_ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

/** Docker's: moby's daemon/pkg/oci/caps/defaults.go. */
const DEFAULT_CAPABILITIES = "00000000a80425fb";
const NONE = "0000000000000000";

/** Of a daemon's profile, which changes with its version, its own tests speak. */
if (OWN_ENGINES.length === 0) it.skip("the inside is looked at in containers of the built-in engine alone");

describe.each(OWN_ENGINES)("inside of a container of the $name engine:", (candidate) => {
  const at = useEngine(candidate);
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-inside-"));
    const source = path.join(import.meta.dirname, "../fixtures/refused-calls.c");
    await run(process.env["CC"] ?? "cc", ["-std=gnu11", "-static", "-o", path.join(directory, "refused-calls"), source]);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  const said = async (script: string, spec: Omit<ContainerSpec, "image" | "command"> = {}): Promise<string> =>
    (await at.shell(`{ ${script}; } 2>&1`, spec)).stdout;
  const lines = async (script: string, spec?: Omit<ContainerSpec, "image" | "command">): Promise<string[]> =>
    (await said(script, spec)).split("\n").filter(Boolean);

  describe("system calls", () => {
    const withCalls = (spec: Omit<ContainerSpec, "image" | "command"> = {}) =>
      lines("/refused-calls", {
        mounts: [{ type: "bind", source: path.join(directory, "refused-calls"), target: "/refused-calls" }],
        ...spec,
      });

    it("that concern the host are refused, by name", async () => {
      const calls = await withCalls();
      const ended = (how: string): string[] =>
        calls.filter((line) => line.endsWith(`: ${how}`)).map((line) => line.slice(0, -how.length - 2));
      expect(ended("EPERM").length).toBeGreaterThan(45);
      expect(ended("ENOSYS")).toEqual(["clone3"]); // its flags can't be seen: C libraries fall back to clone
      expect(ended("done")).toEqual(["clone", "getpid"]);
      expect(calls).toHaveLength(ended("EPERM").length + 3);
    });

    it("are those of their kernel for a privileged container", async () => {
      const calls = await withCalls({ privileged: true });
      expect(calls).toContain("unshare user: done");
      expect(calls).toContain("keyctl: EOPNOTSUPP");
    });
  });

  describe("capabilities and filters", () => {
    const status = (spec?: Omit<ContainerSpec, "image" | "command">): Promise<string[]> =>
      lines("grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status | tr -d '\\t'", spec);
    const expected = (effective: string, bounding: string, seccomp = 2, noNewPrivs = 0): string[] => [
      ...[`CapInh:${NONE}`, `CapPrm:${effective}`, `CapEff:${effective}`, `CapBnd:${bounding}`, `CapAmb:${NONE}`],
      ...[`NoNewPrivs:${noNewPrivs}`, `Seccomp:${seccomp}`],
    ];

    it("are Docker's", async () => {
      expect(await status()).toEqual(expected(DEFAULT_CAPABILITIES, DEFAULT_CAPABILITIES));
    });

    it("leave a user nothing", async () => {
      expect(await status({ user: "1000" })).toEqual(expected(NONE, DEFAULT_CAPABILITIES));
    });

    it("are what was asked for", async () => {
      const chown = "0000000000000001";
      expect(await status({ capDrop: ["ALL"], capAdd: ["CHOWN"], noNewPrivileges: true })).toEqual(expected(chown, chown, 2, 1));
      // Of a single id, success is faked by one.
      expect((await status({ privileged: true })).at(-1)).toBe(`Seccomp:${SINGLE_ID ? 2 : 0}`);
    });

    it
      .runIf(SINGLE_ID)
      .each([{}, { privileged: true }, { seccomp: "unconfined" as const }, { user: "1000" }, { user: "1000", privileged: true }])(
      "with %o, a single id is told that it gave files away and made devices",
      async (spec) => {
        const made = "cd /tmp; touch f; chown 5:6 f && echo given; mknod d c 1 3 && echo made; stat -c %u f";
        expect(await lines(made, spec)).toEqual(["given", "made", spec.user ?? "0"]);
        const id = await at.start({ ...spec, command: ["sleep", "60"] });
        const process = await at.engine.containers.exec(id, { command: ["sh", "-c", made], privileged: true });
        expect(await text(process.stdout)).toBe(`given\nmade\n${spec.user ?? "0"}\n`);
      },
    );

    it.runIf(SINGLE_ID)("memory is the single id's, whoever it was asked for", async () => {
      const mounts = [{ type: "tmpfs" as const, target: "/t", options: ["uid=7", "gid=8", "mode=700"] }];
      expect(await lines("stat -c '%u %g %a' /t; touch /t/x && echo written", { mounts })).toEqual(["0 0 700", "written"]);
      expect(await lines("stat -c '%u %a' /t; touch /t/x && echo written", { mounts, user: "7" })).toEqual(["7 700", "written"]);
    });
  });

  it("no descriptor is open but the standard streams, for the first process and for one that joins it", async () => {
    const id = await at.start({ command: ["sleep", "60"] });
    // What ls itself has open is the third.
    const process = await at.engine.containers.exec(id, { command: ["ls", "/proc/1/fd", "/proc/self/fd"] });
    expect(await text(process.stdout)).toBe("/proc/1/fd:\n0\n1\n2\n\n/proc/self/fd:\n0\n1\n2\n3\n");
  });

  it("no process is seen but its own", async () => {
    expect(await said("echo $$; for process in /proc/[0-9]*; do tr '\\0' ' ' <$process/cmdline; echo; done")).toMatch(
      /^1\nsh -c .*\n(tr .*\n)?\n?$/,
    );
  });

  it("no network is seen but its own", async () => {
    expect(await lines("ls /sys/class/net")).toEqual(["lo"]);
    expect(await lines("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")).toEqual(["lo"]);
    expect(await said("tail -n +2 /proc/net/unix")).toBe("");
  });

  it("no file of the host is there, and no variable of its environment", async () => {
    expect(await said(`ls ${directory}`)).toContain("No such file or directory");
    expect((await lines("env")).map((line) => line.split("=")[0]).sort()).toEqual(["HOME", "HOSTNAME", "PATH", "PWD", "SHLVL"]);
  });

  it("devices are the harmless ones, and a terminal where there is one", async () => {
    const names = [
      "core",
      "fd",
      "full",
      "mqueue",
      "null",
      "ptmx",
      "pts",
      "random",
      "shm",
      "stderr",
      "stdin",
      "stdout",
      "tty",
      "urandom",
      "zero",
    ];
    expect(await lines("ls -1 /dev")).toEqual(names);
    expect((await said("ls -1 /dev", { tty: true })).split("\r\n").filter(Boolean)).toEqual(["console", ...names]);
    expect(await lines("find /dev -type b; find / -xdev -type b -o -xdev -type c")).toEqual([]);
  });

  describe("kernel file systems", () => {
    it("are mounted without set-id bits, devices and programs, and those of the machine read-only", async () => {
      const mounts = await lines("awk '$2 ~ /^.(proc|sys|dev)/ { print $2, $4 }' /proc/mounts");
      const optionsOf = new Map(mounts.map((line) => [line.split(" ")[0], line.split(" ")[1]!.split(",")]));
      for (const target of ["/proc", "/dev/mqueue", "/dev/shm", "/sys"])
        expect(optionsOf.get(target)).toEqual(expect.arrayContaining(["nosuid", "nodev", "noexec"]));
      expect(optionsOf.get("/dev")).toContain("nosuid");
      for (const target of ["/sys", "/proc/sys", "/proc/irq", "/proc/bus"]) expect(optionsOf.get(target)).toContain("ro");
    });

    it("can't be written to where that changes the machine", async () => {
      const files = ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity", "/sys/kernel/profiling"];
      const present = await lines(`for file in ${files.join(" ")}; do test -e $file && echo $file; done; true`);
      expect(present).toContain("/proc/sys/kernel/core_pattern");
      for (const file of present) expect(await said(`echo 1 >${file}`)).toMatch(/Read-only file system|Permission denied/);
    });

    it("hide what they know of the machine", async () => {
      const files = ["kcore", "keys", "timer_list", "sched_debug", "interrupts"].map((name) => `/proc/${name}`);
      expect(await said(`for file in ${files.join(" ")}; do test ! -e $file || head -c 1 $file; done | wc -c`)).toBe("0\n");
      expect(await said("ls /proc/acpi /proc/scsi /sys/firmware 2>/dev/null | grep -v ':$' | grep . ; true")).toBe("");
    });

    // A mount on such a link would be one on what it leads to (CVE-2019-19921, CVE-2023-27561, CVE-2025-52881).
    it.each([{ proc: "/etc" }, { sys: "/etc" }, { dev: "/etc" }, { proc: "/../../proc" }])(
      "are mounted on no link of the image: %j",
      async (links) => {
        const reference = `links-${Object.entries(links)
          .flat()
          .join("-")
          .replaceAll(/[^a-z]/g, "")}`;
        await at.engine.images.import(Readable.from([await rootWithLinks(links)]), { reference });
        const { id } = await at.engine.containers.create({ image: reference, command: ["/bin/busybox", "true"] });
        await expect(at.engine.containers.start(id)).rejects.toMatchObject({
          code: "START_FAILED",
          facts: { errno: expect.stringMatching(/ELOOP|ENOTDIR/) },
        });
        await at.engine.containers.remove(id, { force: true });
        await at.engine.images.remove(reference);
      },
    );
  });

  it("a kernel parameter that there is not is named, with what may be why", async () => {
    await expect(at.start({ command: ["true"], sysctls: { "net.core.nonesuch": "1" } })).rejects.toMatchObject({
      code: "START_FAILED",
      facts: { step: expect.stringContaining("net.core.nonesuch"), errno: "ENOENT" },
      remedy: expect.stringContaining("lacks the parameter"),
    });
  });

  async function rootWithLinks(links: Readonly<Record<string, string>>): Promise<Buffer> {
    const tar = pack();
    for (const name of ["bin", "etc", "proc", "sys", "dev"].filter((each) => !(each in links)))
      tar.entry({ name, type: "directory", mode: 0o755 });
    tar.entry({ name: "bin/busybox", mode: 0o755 }, await readFile("/bin/busybox"));
    for (const [name, linkname] of Object.entries(links)) tar.entry({ name, type: "symlink", linkname });
    tar.finalize();
    return buffer(tar);
  }

  it.runIf(ROOTLESS)("root is a user of the host, and everybody else one of his subordinates, where he has any", async () => {
    const [root, others] = (await lines("cat /proc/self/uid_map")).map((line) => line.trim().split(/\s+/).map(Number));
    expect(root).toEqual([0, process.getuid!(), 1]);
    expect(others?.[0]).toBe(SINGLE_ID ? undefined : 1);
  });
});
