/**
 * What images, containers, builds and archives have been made to do to others' engines, tried on this one: each row of the table is a known
 * attack, and where it is tried. The tests here are named by the CVE; what was tried elsewhere already stays where it is.
 *
 * | CVE | attack | tried in |
 * |---|---|---|
 * | 2016-9962, 2024-21626 | a descriptor left open; a working directory that leads through one | here; inside.test.ts "no descriptor is open" |
 * | 2019-5736 | overwriting the engine's program through /proc/PID/exe | here |
 * | 2018-15664, 2019-14271 | links that are exchanged while files are copied; libraries of the container loaded by a copy | here; streams.test.ts |
 * | 2019-16884, 2019-19921, 2023-27561, 2023-28642, 2025-52881 | a /proc or /sys that is a link, or mounted over | here; inside.test.ts "are mounted on no link" |
 * | 2021-30465, 2024-45310, 2026-41579, 2026-47766 | places to mount on that are links; a /dev that is one | here; mounts.test.ts "is looked for inside" |
 * | 2022-29162, 2022-24769, 2022-27650 | inheritable capabilities | here; inside.test.ts "capabilities and filters" |
 * | 2022-36109 | groups that a set-group-id program sheds | unit/engine/builtin/runtime/users.test.ts |
 * | 2023-25809 | cgroups that can be written to | here |
 * | 2024-23651, 2024-1753, 2024-9407, 2024-9675 | sources of build mounts that are links out | here |
 * | 2024-23652 | places to mount on that a build removes afterwards, through links | here; builds-mounts.test.ts "leave nothing in the image" |
 * | 2024-23653 | a build that takes rights nobody gave it | builds.test.ts "--security=insecure must be allowed" |
 * | 2025-31133, 2025-52565 | a /dev/null or console of the image instead of the host's | here |
 * | 2026-30892 | a user's number that is read in part | here; unit/engine/builtin/runtime/users.test.ts |
 * | 2026-55686 | a working directory that is made or owned through a link | here |
 * | 2021-41091 | programs with set-id bits in an open store | integration/archives.test.ts |
 * | hostile tar layers | whiteouts, hard links and names that lead out | here; integration/bad-input.test.ts; native/fuzz/fuzz_tar.c |
 * | copy.fail (2026) | sockets of AF_ALG and AF_VSOCK | here; inside.test.ts "that concern the host are refused" |
 */
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { extract, type Header, pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ContainerSpec } from "../../src/engine/engine.js";
import { run } from "../fixtures/command.js";
import { OWN_ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

type Entry = Partial<Header> & { readonly name: string; readonly content?: string | Buffer };
const SECRET = "only the host knows";
const EXCHANGES = 40;

if (OWN_ENGINES.length === 0) it.skip("attacks are tried on the built-in engine alone");

describe.each(OWN_ENGINES)("attacks on the $name engine:", (candidate) => {
  const at = useEngine(candidate);
  let scratch: string;
  let busybox: Buffer;
  let images = 0;

  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "caisson-attacks-"));
    await writeFile(path.join(scratch, "secret"), SECRET);
    busybox = await readFile("/bin/busybox");
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  const tarOf = (entries: readonly Entry[]): Promise<Buffer> => {
    const tar = pack();
    for (const { content = "", ...header } of entries) {
      if (header.type) tar.entry(header);
      else tar.entry(header, content);
    }
    tar.finalize();
    return buffer(tar);
  };

  /** An image of busybox with what an attacker put beside it, or instead of its directories. */
  async function hostileImage(entries: readonly Entry[], without: readonly string[] = []): Promise<string> {
    const reference = `hostile-${++images}`;
    const usual = ["bin", "etc", "proc", "sys", "dev", "tmp"].filter((name) => !without.includes(name));
    const root: Entry[] = [
      ...usual.map((name) => ({ name, type: "directory" as const, mode: 0o755 })),
      { name: "bin/busybox", mode: 0o755, content: busybox },
      { name: "bin/sh", type: "symlink", linkname: "busybox" },
    ];
    await at.engine.images.import(Readable.from([await tarOf([...root, ...entries])]), { reference, config: { env: ["PATH=/bin"] } });
    return reference;
  }

  /** What a script says, or the error of its start. */
  async function attempt(image: string, script: string, spec: Omit<ContainerSpec, "image" | "command"> = {}): Promise<string> {
    const { id } = await at.engine.containers.create({ image, command: ["/bin/busybox", "sh", "-c", `{ ${script}; } 2>&1`], ...spec });
    try {
      await at.engine.containers.start(id);
    } catch (error) {
      return (error as { code: string }).code;
    }
    await at.engine.containers.wait(id);
    let output = "";
    for await (const { data } of at.engine.containers.logs(id)) output += data.toString();
    return output;
  }

  const inside = (script: string, spec?: Omit<ContainerSpec, "image" | "command">): Promise<string> => attempt("busybox", script, spec);
  const numbers = Array.from({ length: 20 }, (_, index) => index);

  describe("2016-9962, 2024-21626: a working directory that leads through a descriptor", () => {
    it("is refused at the start, whichever descriptor it names, or is inside", async () => {
      const up = "cat ../../../../../../../../etc/hostname";
      const said = await Promise.all(numbers.map((fd) => inside(`pwd; ${up}`, { workingDir: `/proc/self/fd/${fd}`, hostname: "box" })));
      for (const each of said) expect(["START_FAILED", "OPTION_INVALID"].includes(each) || each.endsWith("box\n"), each).toBe(true);
      expect(new Set(said)).toContain("START_FAILED");
    });

    it("is refused for a process that joins, and through a link of the image, too", async () => {
      const image = await hostileImage(numbers.map((fd) => ({ name: `leak${fd}`, type: "symlink", linkname: `/proc/self/fd/${fd}` })));
      const { id } = await at.engine.containers.create({ image, command: ["/bin/busybox", "sleep", "60"], hostname: "box" });
      await at.engine.containers.start(id);
      for (const fd of numbers) {
        const said = await joined(id, "/bin/busybox cat ../../../../../../etc/hostname", `/leak${fd}`);
        expect(said === "refused" || said === "box\n", `${fd}: ${said}`).toBe(true);
      }
    });

    async function joined(id: string, script: string, workingDir: string): Promise<string> {
      try {
        const process = await at.engine.containers.exec(id, { command: ["/bin/busybox", "sh", "-c", script], workingDir });
        return (await text(process.stdout)) || "refused";
      } catch {
        return "refused";
      }
    }
  });

  it("2019-5736: the engine's program can't be written to, through any process that the container sees", async () => {
    const program = path.resolve("native/build/caisson-supervisor");
    const before = await readFile(program);
    const id = await at.startShell("sleep 60");
    // The command is the engine's own program at the time of the exec: a script whose interpreter is /proc/self/exe.
    const attack =
      "printf '#!/proc/self/exe\\n' >/attack; chmod +x /attack; for n in 1 2 3; do for p in /proc/[0-9]*; do echo overwritten >$p/exe; done; done";
    const process = await at.engine.containers.exec(id, { command: ["sh", "-c", attack] });
    await Promise.all([text(process.stdout), process.exit]);
    const joining = at.engine.containers.exec(id, { command: ["/attack"] }).then((child) => child.exit);
    await joining.catch(() => {}); // how it ends is nobody's concern: what it wrote is
    expect((await readFile(program)).equals(before)).toBe(true);
    expect(await inside("echo unharmed")).toBe("unharmed\n");
  });

  describe("2018-15664, 2019-14271: a copy", () => {
    it("reads and writes nothing of the host while the container exchanges the directory for a link", async () => {
      const id = await at.startShell(
        `mkdir -p /real${scratch} /swap; echo inside >/real${scratch}/secret; ln -s / /link; cp -a /real /swap/a; while :; do mv /swap/a /swap/b; ln -s / /swap/a; rm /swap/a; mv /swap/b /swap/a; done`,
      );
      for (let round = 0; round < EXCHANGES; round++) {
        const out = await at.engine.containers.copyOut(id, `/swap/a${scratch}/secret`).then(contentsOf, () => "refused");
        expect(out).not.toContain(SECRET);
        const tar = Readable.from([await tarOf([{ name: "written", content: "by the copy" }])]);
        await at.engine.containers.copyIn(id, tar, { path: `/swap/a${scratch}` }).catch(() => {});
      }
      await expect(stat(path.join(scratch, "written"))).rejects.toMatchObject({ code: "ENOENT" });
    });

    it("loads nothing of the container's: a library there that every program would load is not", async () => {
      const id = await at.startShell(
        "mkdir -p /lib /etc; echo /lib/evil.so >/etc/ld.so.preload; echo x >/lib/evil.so; echo y >/file; sleep 60",
      );
      await at.engine.containers.exec(id, { command: ["sh", "-c", "until [ -e /file ]; do sleep 0.01; done"] }).then(({ exit }) => exit);
      expect(await contentsOf(await at.engine.containers.copyOut(id, "/file"))).toBe("y\n");
    });

    async function contentsOf(tar: AsyncIterable<Uint8Array> & NodeJS.ReadableStream): Promise<string> {
      let contents = "";
      for await (const entry of tar.pipe(extract())) contents += await text(entry);
      return contents;
    }
  });

  describe("2019-16884, 2019-19921, 2023-27561, 2023-28642, 2025-52881: /proc and /sys", () => {
    it.each(["proc", "sys"])("/%s that is a link of the image is refused", async (name) => {
      const image = await hostileImage([{ name, type: "symlink", linkname: "/tmp" }], [name]);
      expect(await attempt(image, "echo started")).toBe("START_FAILED");
    });

    it.each(["/proc", "/proc/self", "/sys"])("a volume of the image on %s does not take the place of the kernel's", async (target) => {
      const reference = `hostile-volume-${target.replaceAll("/", "")}`;
      const rootfs = await tarOf([
        ...["bin", "proc", "sys", "dev", "etc"].map((name) => ({ name, type: "directory" as const })),
        { name: "bin/busybox", mode: 0o755, content: busybox },
      ]);
      await at.engine.images.import(Readable.from([rootfs]), { reference, config: { volumes: [target] } });
      const said = await attempt(
        reference,
        "/bin/busybox grep -c ' /proc proc ' /proc/mounts; echo 1 >/proc/sys/kernel/core_pattern",
      ).catch((error: { code: string }) => error.code);
      expect(
        /^(START_FAILED|OPTION_INVALID)$/.test(said) || /^[1-9]\d*\n.*(Read-only file system|Permission denied)/.test(said),
        said,
      ).toBe(true);
      expect(await readFile("/proc/sys/kernel/core_pattern", "utf8")).not.toBe("1\n");
    });
  });

  describe("2021-30465, 2024-45310, 2026-41579, 2026-47766: places to mount on", () => {
    it("that are links out are made and mounted inside, or refused", async () => {
      const links: Entry[] = [
        { name: "up", type: "symlink", linkname: `../../../..${scratch}` },
        { name: "absolute", type: "symlink", linkname: scratch },
      ];
      const image = await hostileImage(links);
      for (const target of ["/up/made", "/absolute/made", "/up"]) {
        await attempt(image, "true", { mounts: [{ type: "tmpfs", target }] });
        await attempt(image, "true", { mounts: [{ type: "volume", source: "shared", target }] });
      }
      await expect(stat(path.join(scratch, "made"))).rejects.toMatchObject({ code: "ENOENT" });
      expect(await readFile(path.join(scratch, "secret"), "utf8")).toBe(SECRET);
    });

    it("in a volume, that another container exchanges for links meanwhile, stay inside", async () => {
      const shared = { type: "volume", source: "raced", target: "/shared" } as const;
      await at.startShell("while :; do mkdir /shared/a; rmdir /shared/a; ln -s / /shared/a; rm /shared/a; done", { mounts: [shared] });
      for (let round = 0; round < EXCHANGES / 4; round++) {
        await inside("true", { mounts: [shared, { type: "tmpfs", target: `/shared/a${scratch}/made` }] });
      }
      await expect(stat(path.join(scratch, "made"))).rejects.toMatchObject({ code: "ENOENT" });
    });

    it.each(["/etc", "/proc/self/root/tmp"])("a /dev that is a link to %s is refused", async (linkname) => {
      const image = await hostileImage([{ name: "dev", type: "symlink", linkname }], ["dev"]);
      expect(await attempt(image, "echo started")).toBe("START_FAILED");
    });
  });

  it("2022-29162, 2022-24769, 2022-27650: no capability is inheritable, for the first process and for one that joins", async () => {
    const id = await at.startShell("sleep 60", { capAdd: ["NET_ADMIN"] });
    const process = await at.engine.containers.exec(id, { command: ["grep", "CapInh", "/proc/1/status", "/proc/self/status"] });
    expect(await text(process.stdout)).toBe("/proc/1/status:CapInh:\t0000000000000000\n/proc/self/status:CapInh:\t0000000000000000\n");
  });

  it("2023-25809: no cgroup can be written to", async () => {
    const said = await inside(
      "for f in $(find /sys/fs/cgroup -name cgroup.procs | head -20); do echo 0 >$f && echo written; done; mkdir /sys/fs/cgroup/made && echo made",
    );
    expect(said).not.toMatch(/^(written|made)$/m);
  });

  describe("2024-23651, 2024-1753, 2024-9407, 2024-9675: sources of build mounts", () => {
    it.each([
      ["a bind's source in the context", "RUN --mount=type=bind,source=link,target=/m cat /m/secret"],
      ["a bind's source in a stage", "RUN --mount=type=bind,from=hostile,source=/link,target=/m cat /m/secret"],
      ["a cache's beginning", "RUN --mount=type=cache,from=hostile,source=/link,target=/m cat /m/secret"],
      ["a file that is copied", "COPY --from=hostile /link/secret /m/secret\nRUN cat /m/secret"],
    ])("%s that is a link out shows nothing of the host", async (_, step) => {
      const context = await mkdtemp(path.join(scratch, "context-"));
      await symlink(scratch, path.join(context, "link"));
      const dockerfileText = `FROM busybox AS hostile\nRUN ln -s ${scratch} /link\nFROM busybox\n${step} | tee /seen; true\n`;
      const told: string[] = [];
      const progress = (event: { readonly type: string; readonly text?: string }): void =>
        void (event.type === "output" && told.push(event.text ?? ""));
      await at.engine.images.build(context, { dockerfileText, progress: progress as never }).catch(() => {});
      expect(told.join("")).not.toContain(SECRET);
    });

    it("a cache that a step fills with a link out leads the next one nowhere", async () => {
      const context = await mkdtemp(path.join(scratch, "context-"));
      const step = (id: string, command: string): string => `RUN --mount=type=cache,id=hostile,target=/c${id} ${command}\n`;
      const dockerfileText = `FROM busybox\n${step("", `ln -s ${scratch} /c/link`)}${step(",source=/link", "touch /c/touched; ls /c")}`;
      await at.engine.images.build(context, { dockerfileText }).catch(() => {});
      await expect(stat(path.join(scratch, "touched"))).rejects.toMatchObject({ code: "ENOENT" });
    });
  });

  it("2024-23652: places to mount on that a build removes afterwards are its own, whatever the command made of them", async () => {
    const kept = path.join(scratch, "kept");
    await mkdir(path.join(kept, "empty"), { recursive: true });
    const context = await mkdtemp(path.join(scratch, "context-"));
    const dockerfileText = `FROM busybox\nRUN --mount=type=tmpfs,target=/a/b/empty umount /a/b/empty; mv /a/b /a/c; ln -s ${kept} /a/b; true\n`;
    await at.engine.images.build(context, { dockerfileText }).catch(() => {});
    expect((await stat(path.join(kept, "empty"))).isDirectory()).toBe(true);
  });

  describe("2025-31133, 2025-52565: /dev/null and /dev/console", () => {
    it("of the image mask nothing: what is hidden is hidden by the host's", async () => {
      const image = await hostileImage([{ name: "dev/null", type: "symlink", linkname: "/proc/sys/kernel/core_pattern" }]);
      expect(await attempt(image, "head -c 1 /proc/keys | wc -c; echo x >/dev/null; head -c 1 /dev/null | wc -c")).toBe("0\n0\n");
      expect(await readFile("/proc/sys/kernel/core_pattern", "utf8")).not.toBe("x\n");
    });

    it("of the image are no terminal", async () => {
      const entries: Entry[] = [
        { name: "dev/console", type: "symlink", linkname: "/proc/sysrq-trigger" },
        { name: "dev/pts", type: "symlink", linkname: "/proc" },
      ];
      const said = await attempt(await hostileImage(entries), "stat -c %F /dev/console; readlink /dev/console; echo end", { tty: true });
      expect(said.replaceAll("\r", "")).toBe("character special file\nend\n");
    });
  });

  it.each(["0x0", "0 ", " 0", "+0", "-1", "1000abc", "1e3", "4294967296", "1000:-1", "1000:0x0", ":", "1000:"])(
    "2026-30892: the user %j is refused, or is nobody else",
    async (user) => {
      const { id } = await at.engine.containers.create({ image: "busybox", command: ["sleep", "60"] });
      await at.engine.containers.start(id);
      const uid = await at.engine.containers.exec(id, { command: ["id", "-u"], user }).then(
        ({ stdout }) => text(stdout),
        () => "refused",
      );
      expect(uid === "refused" || (user.startsWith("1000:") && uid === "1000\n") || (user === ":" && uid === "0\n"), uid).toBe(true);
    },
  );

  it("2026-55686: a working directory that is not there is made inside, also behind a link out", async () => {
    const image = await hostileImage([{ name: "out", type: "symlink", linkname: scratch }]);
    await attempt(image, "pwd", { workingDir: "/out/made-by-workdir" });
    await at.engine.images
      .build(await mkdtemp(path.join(scratch, "context-")), { dockerfileText: `FROM ${image}\nWORKDIR /out/made-by-workdir\n` })
      .catch(() => {});
    await expect(stat(path.join(scratch, "made-by-workdir"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  describe("hostile layers", () => {
    it.each<[string, readonly Entry[]]>([
      ["a whiteout through a link", [{ name: "link", type: "symlink", linkname: "SCRATCH" }, { name: "link/.wh.secret" }]],
      ["an opaque marker through a link", [{ name: "link", type: "symlink", linkname: "SCRATCH" }, { name: "link/.wh..wh..opq" }]],
      [
        "a hard link through a link",
        [
          { name: "link", type: "symlink", linkname: "SCRATCH" },
          { name: "hard", type: "link", linkname: "link/secret" },
        ],
      ],
      [
        "a directory over a link",
        [
          { name: "link", type: "symlink", linkname: "SCRATCH" },
          { name: "link", type: "directory", mode: 0o777 },
          { name: "link/secret", content: "x" },
        ],
      ],
      [
        "a file through a link of a link",
        [
          { name: "a", type: "symlink", linkname: "b" },
          { name: "b", type: "symlink", linkname: "../../../../../../SCRATCH" },
          { name: "a/secret", content: "x" },
        ],
      ],
      [
        "a root that is a link",
        [
          { name: ".", type: "symlink", linkname: "SCRATCH" },
          { name: "secret", content: "x" },
        ],
      ],
    ])("%s touches and shows nothing of the host", async (_, entries) => {
      const there = entries.map((entry) => ({
        ...entry,
        ...(entry.linkname ? { linkname: entry.linkname.replace("SCRATCH", scratch) } : {}),
      }));
      const image = await hostileImage(there).catch(() => undefined);
      if (image) expect(await attempt(image, "cat /hard /link/secret")).not.toContain(SECRET);
      expect(await readFile(path.join(scratch, "secret"), "utf8")).toBe(SECRET);
      expect((await stat(scratch)).mode & 0o777).toBe(0o700);
    });
  });

  it("copy.fail: no socket of AF_ALG or AF_VSOCK", async () => {
    const source = path.join(scratch, "sockets.c");
    const program = path.join(scratch, "sockets");
    await writeFile(
      source,
      '#include <stdio.h>\n#include <sys/socket.h>\nint main(void) { printf("%d %d %d\\n", socket(38, 5, 0), socket(40, 1, 0), socket(1, 1, 0) >= 0); }\n',
    );
    await run(process.env["CC"] ?? "cc", ["-static", "-o", program, source]);
    expect(await inside("/sockets", { mounts: [{ type: "bind", source: program, target: "/sockets" }] })).toBe("-1 -1 1\n");
  });
});
