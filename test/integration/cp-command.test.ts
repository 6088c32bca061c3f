/** `caisson cp` and `caisson attach` with a container that stays. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";

let directory: string;
let local: string;
let caisson: CommandLine;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-cp-"));
  local = path.join(directory, "local");
  caisson = commandLine(path.join(directory, "home"), { CAISSON_SERVER_IDLE_EXIT: "2s", CAISSON_ENGINE: "builtin" });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  await said("import", "-c", 'CMD ["sh"]', path.join(directory, "busybox.tar"), "busybox");
  await said("run", "-d", "--name", "box", "busybox", "sleep", "1000");
  await mkdir(path.join(local, "tree", "below"), { recursive: true });
  await writeFile(path.join(local, "file"), "a file");
  await writeFile(path.join(local, "tree", "below", "leaf"), "a leaf");
  await symlink("leaf", path.join(local, "tree", "below", "link"));
});
afterAll(async () => {
  await caisson.run(["rm", "-f", "box", "talker"]);
  await vi.waitUntil(() => !existsSync(path.join(directory, "home", "server.lock")), { timeout: 60_000, interval: 50 });
  await rm(directory, { recursive: true, force: true });
});

const said = (...words: string[]): Promise<string> => caisson.said(...words);

const inBox = (script: string): Promise<string> => said("exec", "box", "sh", "-c", script);

describe("caisson cp to a container", () => {
  it("puts a file into a directory that is there, or makes it under the name that is given", async () => {
    await said("cp", path.join(local, "file"), "box:/tmp");
    await said("cp", path.join(local, "file"), "box:/tmp/renamed");
    expect(await inBox("cat /tmp/file /tmp/renamed")).toBe("a filea file");
  });

  it("keeps the owner of what goes in, as docker's does; what comes out has its own with -a", async () => {
    const owned = path.join(local, "owned");
    await writeFile(owned, "owned");
    await chown(owned, 1000, 1001);
    await said("cp", owned, "box:/tmp");
    expect(await inBox("stat -c %u:%g /tmp/owned")).toBe("1000:1001");
    await said("cp", "box:/tmp/owned", path.join(local, "mine"));
    await said("cp", "-a", "box:/tmp/owned", path.join(local, "archived"));
    const owners = await Promise.all(["mine", "archived"].map(async (name) => (await stat(path.join(local, name))).uid));
    expect(owners).toEqual([0, 1000]);
  });

  it("puts a directory into one that is there, its contents with /., and makes one that is not", async () => {
    await inBox("mkdir /into /contents");
    await said("cp", path.join(local, "tree"), "box:/into");
    await said("cp", `${path.join(local, "tree")}/.`, "box:/contents");
    await said("cp", path.join(local, "tree"), "box:/made");
    expect(await inBox("cat /into/tree/below/leaf /contents/below/leaf /made/below/leaf; readlink /made/below/link")).toBe(
      "a leafa leafa leafleaf",
    );
  });

  it("unpacks a tar from the standard input", async () => {
    const tar = await caisson.start(["cp", "box:/etc/passwd", "-"]);
    const bytes: Buffer[] = [];
    tar.child.stdout!.on("data", (data: Buffer) => bytes.push(data));
    expect((await tar.result).code).toBe(0);
    await inBox("mkdir /unpacked");
    expect(await caisson.run(["cp", "-", "box:/unpacked"], Buffer.concat(bytes))).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await inBox("cmp /etc/passwd /unpacked/passwd && echo same")).toBe("same");
  });
});

describe("caisson cp from a container", () => {
  it("names files and directories by docker's rules", async () => {
    await inBox("mkdir -p /out/sub; echo leaf >/out/sub/leaf; ln -s sub /out/link");
    const target = path.join(directory, "target");
    await mkdir(target);
    await said("cp", "box:/out", target);
    await said("cp", "box:/out/.", path.join(directory, "made"));
    await said("cp", "box:/out/sub/leaf", path.join(target, "renamed"));
    await said("cp", "box:/out/.", target);
    expect((await readdir(target)).sort()).toEqual(["link", "out", "renamed", "sub"]);
    expect(await readFile(path.join(target, "out", "sub", "leaf"), "utf8")).toBe("leaf\n");
    expect(await readFile(path.join(directory, "made", "sub", "leaf"), "utf8")).toBe("leaf\n");
    expect(await readFile(path.join(target, "renamed"), "utf8")).toBe("leaf\n");
  });

  it("copies a link as one, and what it leads to with -L", async () => {
    await inBox("echo target >/aim; ln -s /aim /pointer");
    await said("cp", "box:/pointer", path.join(directory, "pointer"));
    await said("cp", "-L", "box:/pointer", path.join(directory, "followed"));
    expect(await readlink(path.join(directory, "pointer"))).toBe("/aim");
    expect(await readFile(path.join(directory, "followed"), "utf8")).toBe("target\n");
  });

  it("refuses what docker refuses", async () => {
    const refused = async (...words: string[]) => (await caisson.run(["cp", ...words])).stderr;
    expect(await refused("box:/a", "box:/b")).toContain("between containers is not supported");
    expect(await refused("/a", "/b")).toContain("CONTAINER:PATH");
    expect(await refused("box:/not-there", directory)).toContain("/not-there");
    expect(await refused("box:/etc", path.join(local, "file"))).toContain("can't be copied onto it");
    expect(await refused("box:/etc/passwd", path.join(directory, "no-such/"))).toContain("There is no directory");
    expect(await refused(path.join(local, "tree"), "box:/etc/passwd")).toContain("can't be copied onto it");
  });
});

describe("caisson attach", () => {
  it("connects the standard streams, and returns the container's exit code", async () => {
    await said("run", "-d", "-i", "--name", "talker", "busybox", "sh", "-c", "read line; echo got $line; exit 4");
    expect(await caisson.run(["attach", "talker"], "words\n")).toEqual({ code: 4, stdout: "got words\n", stderr: "" });
    expect((await caisson.run(["attach", "talker"])).stderr).toContain("does not run");
  });

  it("passes signals on", async () => {
    const script = "trap 'echo ended; exit 5' TERM; while :; do echo on; sleep 0.05; done";
    await said("run", "-d", "--rm", "--name", "signalled", "busybox", "sh", "-c", script);
    const { child, result } = caisson.start(["attach", "--no-stdin", "signalled"]);
    await once(child.stdout!, "data");
    child.kill("SIGTERM");
    expect(await result).toMatchObject({ code: 5, stdout: expect.stringMatching(/ended\n$/) });
  });
});
