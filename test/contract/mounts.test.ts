/** What every engine owes about what is mounted in containers: binds, volumes, images and memory, their places, and who shares them. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ContainerSpec, MountSpec } from "../../src/engine/engine.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

type Spec = Omit<ContainerSpec, "image">;

describe.each(ENGINES)("the $name engine:", (candidate) => {
  const at = useEngine(candidate);
  let scratch: string;

  /** Directories with owners, links that lead about, and a place that the image says is a volume. */
  beforeAll(async () => {
    const dockerfileText = [
      "FROM busybox",
      "RUN mkdir -p /data/sub /empty /declared /etc/conf && echo from the image >/data/file && echo below >/data/sub/file \\",
      " && ln /data/file /data/hard && ln -s file /data/soft && mkfifo /data/fifo && chown -R 1000:2000 /data && chmod 2750 /data \\",
      " && chmod 4711 /data/sub/file && chown 1000:1000 /empty && chmod 1770 /empty && echo declared >/declared/file \\",
      " && ln -s / /to-root && ln -s ../../etc/conf /up && ln -s /missing/place /dangling && ln -s /proc/sys /to-proc",
      "VOLUME /declared",
    ].join("\n");
    const context = await mkdtemp(path.join(tmpdir(), "caisson-mounts-"));
    await at.engine.images.build(context, { dockerfileText, tags: ["places"] });
    await rm(context, { recursive: true });
  });

  beforeEach(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "caisson-mounts-"));
  });

  afterEach(async () => {
    for (const { id } of await at.engine.containers.list({ all: true })) await at.engine.containers.remove(id, { force: true });
    await at.engine.volumes.prune({ all: true });
    expect(await at.engine.volumes.list()).toEqual([]);
    await rm(scratch, { recursive: true });
  });

  const create = async (script: string, spec: Spec = {}) =>
    (await at.engine.containers.create({ image: "places", command: ["sh", "-c", script], ...spec })).id;

  async function outputOf(id: string): Promise<string> {
    let output = "";
    for await (const { data } of at.engine.containers.logs(id)) output += data.toString();
    return output;
  }

  async function run(script: string, spec: Spec = {}): Promise<string> {
    const id = await create(script, spec);
    await at.engine.containers.start(id);
    await at.engine.containers.wait(id);
    return outputOf(id);
  }

  const runWith = (script: string, ...mounts: MountSpec[]) => run(script, { mounts });

  async function startIdle(spec: Spec = {}): Promise<string> {
    const id = await create("exec sleep 60", spec);
    await at.engine.containers.start(id);
    return id;
  }

  async function exec(id: string, script: string): Promise<string> {
    const process = await at.engine.containers.exec(id, { command: ["sh", "-c", script] });
    const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr)]);
    return stdout + stderr;
  }

  const volume = (source: string, target = "/data", more = {}): MountSpec => ({ type: "volume", source, target, ...more });
  const LOOK = "cd /data && stat -c '%n %F %u:%g %a %h' . file hard soft sub sub/file fifo; cat file sub/file; readlink soft";
  const AS_IN_THE_IMAGE = [
    ". directory 1000:2000 2750 3",
    "file regular file 1000:2000 644 2",
    "hard regular file 1000:2000 644 2",
    "soft symbolic link 1000:2000 777 1",
    "sub directory 1000:2000 755 2",
    "sub/file regular file 1000:2000 4711 1",
    "fifo fifo 1000:2000 644 1",
    "from the image\nbelow\nfile\n",
  ].join("\n");

  describe("an empty volume", () => {
    it("takes what the image has there: contents, links, owners and modes, once", async () => {
      expect(await runWith(LOOK, volume("filled"))).toBe(AS_IN_THE_IMAGE);
      expect(await runWith("echo changed >/data/file; rm /data/sub/file; chown 7:7 /data", volume("filled"))).toBe("");
      expect(await runWith("cat /data/file; ls /data/sub; stat -c %u /data", volume("filled"))).toBe("changed\n7\n");
    });

    it("takes the owner and the mode of an empty directory", async () => {
      expect(await runWith("stat -c '%u:%g %a' /empty", volume("nothing", "/empty"))).toBe("1000:1000 1770\n");
      expect(await runWith("stat -c '%u:%g %a' /not/there", volume("new", "/not/there"))).toBe("0:0 755\n");
    });

    it("stays empty when told so, and a volume that isn't empty stays as it is", async () => {
      expect(await runWith("ls -A /data | wc -l; stat -c %u /data; touch /data/own", volume("bare", "/data", { noCopy: true }))).toBe(
        "0\n0\n",
      );
      expect(await runWith("ls -A /data", volume("bare"))).toBe("own\n");
    });

    it("is filled once when many containers start at once, and each sees all of it", async () => {
      const ids = await Promise.all(Array.from({ length: 8 }, () => create(LOOK, { mounts: [volume("rush")] })));
      await Promise.all(ids.map((id) => at.engine.containers.start(id)));
      await Promise.all(ids.map((id) => at.engine.containers.wait(id)));
      expect(new Set(await Promise.all(ids.map(outputOf)))).toEqual(new Set([AS_IN_THE_IMAGE]));
    });

    it("is filled although another mount is above its target", async () => {
      expect(await runWith("ls /data /data/sub", { type: "tmpfs", target: "/data" }, volume("inner", "/data/sub"))).toBe(
        "/data:\nsub\n\n/data/sub:\nfile\n",
      );
    });
  });

  describe("a part of a volume", () => {
    it("is a directory, filled as a volume is, or a file", async (context) => {
      if (!at.engine.supports.volumeSubpaths) context.skip("daemons before Docker 26 mount whole volumes only");
      await runWith("mkdir -p /v/a/b; echo 1 >/v/a/file", volume("parts", "/v"));
      expect(await runWith(LOOK, volume("parts", "/data", { subpath: "a/b" }))).toBe(AS_IN_THE_IMAGE);
      expect(await runWith("cat /one; ls /v/a/b | head -n 1", volume("parts", "/one", { subpath: "a/file" }), volume("parts", "/v"))).toBe(
        "1\nfifo\n",
      );
    });

    it("is refused where all of the volume would be mounted", async (context) => {
      if (at.engine.supports.volumeSubpaths) context.skip("nothing to refuse: this engine mounts parts of volumes");
      await expect(create("true", { mounts: [volume("whole", "/x", { subpath: "a" })] })).rejects.toMatchObject({
        code: "UNSUPPORTED",
        facts: { feature: "mounts.subpath" },
      });
    });

    it("must be there, and stay in the volume whatever links say", async (context) => {
      if (!at.engine.supports.volumeSubpaths) context.skip("daemons before Docker 26 mount whole volumes only");
      await runWith(
        "ln -s /etc /v/absolute; ln -s ../../../../etc /v/climbing; ln -s inside /v/fine; mkdir /v/inside",
        volume("links", "/v"),
      );
      await expect(runWith("true", volume("links", "/x", { subpath: "missing" }))).rejects.toMatchObject({
        code: "PATH_NOT_FOUND",
        facts: { path: "missing" },
      });
      for (const subpath of ["absolute", "climbing", "absolute/passwd"]) {
        await expect(runWith("true", volume("links", "/x", { subpath }))).rejects.toMatchObject({
          code: "OPTION_INVALID",
          facts: { option: "mounts.subpath" },
        });
      }
      expect(await runWith("ls -d /x", volume("links", "/x", { subpath: "fine" }))).toBe("/x\n");
    });
  });

  describe("an anonymous volume", () => {
    it("is where the image declares one, lasts as long as the container, and is listed", async () => {
      const id = await create("cat /declared/*; echo again >/declared/more");
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      expect(await outputOf(id)).toBe("declared\ndeclared\nagain\n");
      const [mount] = (await at.engine.containers.inspect(id)).mounts;
      expect(mount).toMatchObject({ type: "volume", target: "/declared", readonly: false, anonymous: true, name: /^[0-9a-f]{64}$/ });
      expect(await readFile(path.join(mount!.source, "more"), "utf8")).toBe("again\n");
      expect(await at.engine.volumes.inspect(mount!.name!)).toMatchObject({ anonymous: true, inUse: true, mountpoint: mount!.source });
      await expect(at.engine.volumes.remove(mount!.name!)).rejects.toMatchObject({ code: "VOLUME_IN_USE" });
      await at.engine.containers.remove(id);
      await expect(at.engine.volumes.inspect(mount!.name!)).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
      await expect(readFile(path.join(mount!.source, "more"))).rejects.toMatchObject({ code: "ENOENT" });
    });

    it("asked for by a mount is a place that is no overlay, filled from the image", async () => {
      const mount: MountSpec = { type: "volume", target: "/data" };
      expect(await runWith(`${LOOK}; grep ' /data ' /proc/mounts | cut -d' ' -f3`, mount)).toMatch(AS_IN_THE_IMAGE);
      expect(await runWith("grep ' /data ' /proc/mounts | cut -d' ' -f3", mount)).not.toContain("overlay");
    });

    it("can be written to in a read-only root, and is its own below another mount", async () => {
      expect(await run("echo more >/declared/more && cat /declared/*; touch /x 2>&1", { readonlyRootfs: true })).toBe(
        "declared\nmore\ntouch: /x: Read-only file system\n",
      );
      const image = await at.engine.images.build(scratch, { dockerfileText: "FROM places\nVOLUME /data/sub" });
      const id = (
        await at.engine.containers.create({ image: image.image.id, command: ["ls", "/data", "/data/sub"], mounts: [volume("above")] })
      ).id;
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      expect(await outputOf(id)).toContain("/data/sub:\nfile\n");
      expect((await at.engine.containers.inspect(id)).mounts.map(({ target }) => target)).toEqual(["/data", "/declared", "/data/sub"]);
    });

    it("is left out of an image that is made of the container", async () => {
      const id = await create("echo gone >/declared/more; echo kept >/kept");
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      const image = await at.engine.containers.commit(id);
      const again = (await at.engine.containers.create({ image: image.id, command: ["sh", "-c", "cat /kept; ls /declared"] })).id;
      await at.engine.containers.start(again);
      await at.engine.containers.wait(again);
      expect(await outputOf(again)).toBe("kept\nfile\n");
      await at.engine.containers.remove(again);
      await at.engine.images.remove(image.id);
    });
  });

  describe("volumes from another container", () => {
    it("are one with its own while it runs, and after it was started again", async () => {
      const owner = await startIdle({ name: "owner", mounts: [volume("named"), { type: "volume", target: "/anon" }] });
      const sharer = await startIdle({ volumesFrom: ["owner"] });
      await exec(owner, "echo owner >/declared/o; echo owner >/anon/o; echo owner >/data/o");
      expect(await exec(sharer, "cat /declared/o /anon/o /data/o; for d in declared anon data; do echo sharer >/$d/s; done")).toBe(
        "owner\nowner\nowner\n",
      );
      expect(await exec(owner, "cat /declared/s /anon/s /data/s")).toBe("sharer\nsharer\nsharer\n");
      await at.engine.containers.stop(owner, { timeoutMs: 0 });
      await exec(sharer, "echo alone >/declared/alone; mv /declared/s /declared/moved");
      await at.engine.containers.start(owner);
      expect(await exec(owner, "cat /declared/alone; ls /declared; echo back >/declared/back")).toBe("alone\nalone\nfile\nmoved\no\n");
      expect(await exec(sharer, "cat /declared/back")).toBe("back\n");
      const places = (await at.engine.containers.inspect(sharer)).mounts.map(({ target, name }) => [target, name]);
      expect(places.sort()).toEqual((await at.engine.containers.inspect(owner)).mounts.map(({ target, name }) => [target, name]).sort());
    });

    it("are there when the other one doesn't run, never ran, or is no more", async () => {
      const owner = await create("cat /declared/*", { name: "owner", mounts: [{ type: "volume", target: "/anon" }] });
      const first = await startIdle({ volumesFrom: [owner.slice(0, 12)] });
      await exec(first, "echo first >/declared/first; echo anon >/anon/first");
      const second = await startIdle({ volumesFrom: [first] });
      await at.engine.containers.remove(owner);
      await at.engine.containers.remove(first, { force: true });
      expect(await exec(second, "cat /declared/file /declared/first /anon/first")).toBe("declared\nfirst\nanon\n");
      await at.engine.containers.stop(second, { timeoutMs: 0 });
      await at.engine.containers.start(second);
      expect(await exec(second, "cat /declared/first /anon/first")).toBe("first\nanon\n");
      const { mounts } = await at.engine.containers.inspect(second);
      await at.engine.containers.remove(second, { force: true });
      for (const { source } of mounts) await expect(readFile(path.join(source, "first"))).rejects.toMatchObject({ code: "ENOENT" });
    });

    it("are one when all start at once", async () => {
      const owner = await create("echo o >/declared/o; exec sleep 60");
      const sharers = await Promise.all(
        Array.from({ length: 4 }, (_, index) => create(`echo ${index} >/declared/${index}; exec sleep 60`, { volumesFrom: [owner] })),
      );
      await Promise.all([owner, ...sharers].map((id) => at.engine.containers.start(id)));
      for (const id of [owner, ...sharers]) await expect.poll(() => exec(id, "cd /declared; cat 0 1 2 3 o")).toBe("0\n1\n2\n3\no\n");
    });

    it("are read-only when asked for so; one's own mounts win, and tmpfs stays where it is", async () => {
      await startIdle({
        name: "owner",
        mounts: [volume("named"), { type: "tmpfs", target: "/memory" }, volume("ro", "/ro", { readonly: true })],
      });
      expect(
        await run("touch /data/x 2>&1; touch /declared/x 2>&1; touch /ro/x 2>&1; ls -d /memory 2>&1", { volumesFrom: ["owner:ro"] }),
      ).toBe(
        "touch: /data/x: Read-only file system\ntouch: /declared/x: Read-only file system\ntouch: /ro/x: Read-only file system\nls: /memory: No such file or directory\n",
      );
      expect(await run("touch /ro/x 2>&1; ls /data", { volumesFrom: ["owner"], mounts: [{ type: "tmpfs", target: "/data" }] })).toBe(
        "touch: /ro/x: Read-only file system\n",
      );
    });

    it("need a container that is there, and a mode that is one", async () => {
      await expect(create("true", { volumesFrom: ["nonesuch"] })).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
      for (const text of ["a:rx", ":ro", "a:b:c"]) {
        await expect(create("true", { volumesFrom: [text] })).rejects.toMatchObject({
          code: "OPTION_INVALID",
          facts: { option: "volumesFrom" },
        });
      }
    });
  });

  describe("a bind", () => {
    it("is a file or a directory of the host, writable or not", async () => {
      await writeFile(path.join(scratch, "file"), "host\n");
      const file = path.join(scratch, "file");
      expect(
        await runWith(
          "cat /f /new/place/file; echo more >>/f; echo x >>/new/place/file",
          { type: "bind", source: file, target: "/f" },
          { type: "bind", source: scratch, target: "/new/place", readonly: true },
        ),
      ).toContain("host\nhost\n");
      expect(await readFile(file, "utf8")).toBe("host\nmore\n");
    });

    it("of what is not there is refused and leaves nothing, unless it is to be made", async () => {
      const source = path.join(scratch, "a/b");
      const mounts: MountSpec[] = [volume("made-on-the-way", "/v"), { type: "bind", source, target: "/x" }];
      await expect(create("true", { name: "again", mounts })).rejects.toMatchObject({ code: "PATH_NOT_FOUND", facts: { path: source } });
      expect(await at.engine.volumes.list()).toEqual([]);
      expect(await run("touch /x/made", { name: "again", mounts: [{ type: "bind", source, target: "/x", createSource: true }] })).toBe("");
      expect(await readFile(path.join(source, "made"), "utf8")).toBe("");
    });

    it("whose source goes between create and start is an error of the start", async () => {
      const source = path.join(scratch, "going");
      await mkdir(source);
      const id = await create("true", { mounts: [{ type: "bind", source, target: "/x" }] });
      await rm(source, { recursive: true });
      await expect(at.engine.containers.start(id)).rejects.toMatchObject({ code: "PATH_NOT_FOUND", facts: { path: source } });
    });

    describe.runIf(process.getuid?.() === 0)("with mounts of the host below it", () => {
      const inner = () => path.join(scratch, "inner");
      const mount = (...args: string[]): void => void execFileSync("mount", args);

      beforeEach(async () => {
        mount("-t", "tmpfs", "caisson-test", scratch);
        mount("--make-shared", scratch);
        await mkdir(inner());
        mount("-t", "tmpfs", "caisson-test", inner());
        await writeFile(path.join(inner(), "below"), "");
      });

      afterEach(() => {
        execFileSync("umount", ["-R", scratch]);
      });

      it("shows them, read-only like itself, or leaves them out", async () => {
        const bind = { type: "bind", source: scratch, target: "/x" } as const;
        expect(await runWith("ls /x/inner; touch /x/inner/y 2>&1", { ...bind, readonly: true })).toBe(
          "below\ntouch: /x/inner/y: Read-only file system\n",
        );
        expect(await runWith("ls /x /x/inner", { ...bind, recursive: false })).toBe("/x:\ninner\n\n/x/inner:\n");
      });

      it.each([
        ["rprivate", "", ""],
        ["rslave", "late\n", ""],
        ["rshared", "late\n", "early\n"],
      ] as const)("%s: what is mounted later shows as far as it says", async (propagation, inContainer, onHost) => {
        const id = await startIdle({ privileged: true, mounts: [{ type: "bind", source: scratch, target: "/x", propagation }] });
        await mkdir(path.join(scratch, "host"));
        mount("-t", "tmpfs", "caisson-test", path.join(scratch, "host"));
        await writeFile(path.join(scratch, "host/late"), "");
        expect(await exec(id, "ls /x/host")).toBe(inContainer);
        await exec(id, "mkdir /x/container; mount -t tmpfs none /x/container; touch /x/container/early");
        expect(execFileSync("ls", [path.join(scratch, "container")]).toString()).toBe(onHost);
      });

      it("refuses to share what the host doesn't", async () => {
        mount("--make-private", inner());
        const bind = { type: "bind", source: path.join(inner(), "below"), target: "/x" } as const;
        for (const propagation of ["shared", "rslave"] as const) {
          await expect(runWith("true", { ...bind, propagation })).rejects.toMatchObject({
            code: "OPTION_INVALID",
            facts: { option: "mounts.propagation" },
          });
        }
      });
    });
  });

  describe("an image as a mount", () => {
    it("shows its files, or a part of them, and can't be written to", async (context) => {
      if (!at.engine.supports.imageMounts) context.skip("this engine mounts no images");
      const image = (target: string, subpath?: string): MountSpec => ({ type: "image", source: "places", target, subpath });
      expect(
        await runWith(
          "cat /i/data/file /s/file /f; ls -d /i/bin; touch /i/x 2>&1",
          image("/i"),
          image("/s", "data/sub"),
          image("/f", "/data/soft"),
        ),
      ).toBe("from the image\nbelow\nfrom the image\n/i/bin\ntouch: /i/x: Read-only file system\n");
      const single = await runWith("ls /b/bin/busybox", { type: "image", source: "busybox", target: "/b" });
      expect(single).toBe("/b/bin/busybox\n");
      const used = await create("true", { mounts: [{ type: "image", source: "busybox", target: "/b" }] });
      expect((await at.engine.containers.inspect(used)).mounts[0]).toMatchObject({ type: "image", source: "busybox", readonly: true });
      await expect(at.engine.images.remove("busybox")).rejects.toMatchObject({ code: "IMAGE_IN_USE" });
    });

    it("must be here, and have what is asked for", async (context) => {
      if (!at.engine.supports.imageMounts) context.skip("this engine mounts no images");
      await expect(runWith("true", { type: "image", source: "nonesuch", target: "/i" })).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
      await expect(runWith("true", { type: "image", source: "places", target: "/i", subpath: "none" })).rejects.toMatchObject({
        code: "PATH_NOT_FOUND",
        facts: { path: "none" },
      });
    });
  });

  describe("memory", () => {
    it("is mounted with the size, the mode and the options that were asked for", async () => {
      expect(
        await run(
          "stat -c '%a %u' /t /u; df -k /t /dev/shm | awk 'NR > 1 { print $2 }'; grep -E ' (/t|/u) ' /proc/mounts | cut -d' ' -f4 | sed 's/,inode64//; s/,[ug]id=.*//'",
          {
            shmSizeBytes: 1 << 20,
            mounts: [
              { type: "tmpfs", target: "/t", sizeBytes: 2 << 20, mode: 0o700 },
              { type: "tmpfs", target: "/u", options: ["exec", "size=1m", "uid=7", "mode=750"] },
            ],
          },
        ),
      ).toBe(
        "700 0\n750 7\n2048\n1024\nrw,nosuid,nodev,noexec,relatime,size=2048k,mode=700\nrw,nosuid,nodev,relatime,size=1024k,mode=750\n",
      );
    });
  });

  describe("a target", () => {
    it.each([
      [[{ type: "tmpfs", target: "relative" }], "mounts.target"],
      [[{ type: "tmpfs", target: "/" }], "mounts.target"],
      [[{ type: "tmpfs", target: "/a/.." }], "mounts.target"],
      [[{ type: "tmpfs", target: "/proc" }], "mounts.target"],
      [[{ type: "tmpfs", target: "/proc/sys/kernel" }], "mounts.target"],
      [[{ type: "tmpfs" }], "mounts.target"],
      [[volumeAt("/x"), volumeAt("/y/../x/")], "mounts.target"],
      [[{ type: "bind", source: "relative", target: "/x" }], "mounts.source"],
      [[{ type: "bind", target: "/x" }], "mounts.source"],
      [[{ type: "volume", source: "../../etc", target: "/x" }], "mounts.source"],
      [[{ type: "volume", source: "v1", target: "/x", subpath: "../up" }], "mounts.subpath"],
      [[{ type: "volume", source: "v1", target: "/x", subpath: "/root" }], "mounts.subpath"],
      [[{ type: "image", target: "/x" }], "mounts.source"],
      [[{ type: "bind", source: "/", target: "/x", propagation: "all" }], "mounts.propagation"],
      [[{ type: "tmpfs", target: "/x", source: "y" }], "mounts.source"],
      [[{ type: "tmpfs", target: "/x", sizeBytes: -1 }], "mounts.sizeBytes"],
      [[{ type: "npipe", target: "/x" }], "mounts.type"],
    ])("%j is refused by name", async (mounts, option) => {
      await expect(create("true", { mounts: mounts as MountSpec[] })).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option } });
    });

    it("is looked for inside the container's root, whatever the image's links say", async () => {
      const before = await readFile("/etc/hostname", "utf8");
      const mount = (target: string): MountSpec => ({ type: "bind", source: scratch, target });
      await writeFile(path.join(scratch, "mark"), "");
      expect(await runWith("ls /etc/conf /missing/place; readlink /up", mount("/up"), mount("/dangling"))).toBe(
        "/etc/conf:\nmark\n\n/missing/place:\nmark\n../../etc/conf\n",
      );
      for (const target of ["/to-root", "/to-proc", "/to-root/proc/sys", "/data/../to-root"]) {
        await expect(runWith("true", mount(target))).rejects.toMatchObject({ code: "START_FAILED" });
        await expect(runWith("true", volume("any", target))).rejects.toMatchObject({ code: "START_FAILED" });
      }
      expect(await runWith("ls /etc/conf", volume("links", "/to-root/etc/conf"))).toBe("");
      expect(await readFile("/etc/hostname", "utf8")).toBe(before);
    });

    it("that is a file takes no directory", async () => {
      await expect(runWith("true", { type: "bind", source: scratch, target: "/bin/busybox" })).rejects.toMatchObject({
        code: "START_FAILED",
      });
    });

    it("above another one is mounted first, /etc's own files included", async () => {
      expect(await runWith("ls /a /a/b/c; ls /etc", volume("deep", "/a/b/c"), volume("top", "/a"), { type: "tmpfs", target: "/etc" })).toBe(
        "/a:\nb\n\n/a/b/c:\nhostname\nhosts\nresolv.conf\n",
      );
    });
  });

  describe("copies", () => {
    const archive = (name: string, content: string): AsyncIterable<Uint8Array> => {
      const tar = pack();
      tar.entry({ name }, content);
      tar.finalize();
      return tar as AsyncIterable<Uint8Array>;
    };

    it("go into volumes and binds before the container starts, one after the other, and come from them when it has ended", async () => {
      const id = await create("cat /data/in /declared/in /host/in; echo out >/data/out", {
        mounts: [volume("copied"), { type: "bind", source: scratch, target: "/host" }],
      });
      for (const directory of ["data", "declared", "host"])
        await at.engine.containers.copyIn(id, archive("in", `${directory}\n`), { path: `/${directory}` });
      expect(await readFile(path.join(scratch, "in"), "utf8")).toBe("host\n");
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      expect(await outputOf(id)).toBe("data\ndeclared\nhost\n");
      const entries = (await at.engine.containers.copyOut(id, "/data/out")).pipe(extract());
      for await (const entry of entries) expect(await text(entry)).toBe("out\n");
      expect(await runWith("ls /data", volume("copied"))).toContain("in\nout\n");
    });
  });
});

function volumeAt(target: string): MountSpec {
  return { type: "volume", source: "v1", target };
}
