/** `caisson build` and `caisson builder`, as processes of their own. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";
import { git } from "../fixtures/git-server.js";
import { startAgent } from "../fixtures/ssh-agent.js";
import { startWebServer } from "../fixtures/web-server.js";

let scratch: string;
let caisson: CommandLine;
let count = 0;
const ID = /^sha256:[0-9a-f]{64}\n$/;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-build-cli-"));
  caisson = commandLine(path.join(scratch, "home"), { CAISSON_OFFLINE: "1", FROM_SHELL: "shell's" });
  await writeFile(path.join(scratch, "rootfs.tar"), await busyboxRootfs());
  expect((await caisson.run(["import", "-c", "ENV PATH=/bin", path.join(scratch, "rootfs.tar"), "busybox"])).code).toBe(0);
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function context(files: Readonly<Record<string, string>>): Promise<string> {
  const place = path.join(scratch, `context-${++count}`);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(place, name)), { recursive: true });
    await writeFile(path.join(place, name), content);
  }
  return place;
}

/** Builds, and runs a script in what was built. */
async function built(words: readonly string[], script: string, input?: Uint8Array | string): Promise<string> {
  const { code, stdout, stderr } = await caisson.run(["build", "--quiet", ...words], input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(ID);
  return (await caisson.run(["run", "--rm", stdout.trim(), "sh", "-c", script])).stdout;
}

const tar = (place: string, ...flags: string[]) => execFileSync("tar", ["-c", ...flags, "-C", place, "."], { maxBuffer: 1 << 26 });

it("has the proxies of docker's configuration in steps and containers, in no image", async () => {
  const place = await context({ Dockerfile: "FROM busybox\nRUN env | grep -i _proxy | sort > /seen\n" });
  const configured = path.join(scratch, "docker-config");
  await mkdir(configured);
  const proxies = { default: { httpProxy: "http://proxy.test:1", noProxy: "inside.test" } };
  await writeFile(path.join(configured, "config.json"), JSON.stringify({ proxies }));
  const docker = commandLine(path.join(scratch, "home"), { CAISSON_OFFLINE: "1", DOCKER_CONFIG: configured });
  const image = (await docker.said("build", "-q", "--build-arg", "NO_PROXY=mine.test", place)).trim();
  const seen = await caisson.said("run", "--rm", image, "sh", "-c", "cat /seen; env | grep -ci _proxy || true");
  expect(seen.trim().split("\n")).toEqual([
    "HTTP_PROXY=http://proxy.test:1",
    "NO_PROXY=mine.test",
    "http_proxy=http://proxy.test:1",
    "no_proxy=mine.test",
    "0",
  ]);
  // As with docker, who gives one spelling to a container says nothing of the other.
  const env = await docker.said("run", "--rm", "-e", "HTTP_PROXY=mine", image, "sh", "-c", "env | grep -i _proxy | sort");
  expect(env.trim().split("\n")).toEqual([
    "HTTP_PROXY=mine",
    "NO_PROXY=inside.test",
    "http_proxy=http://proxy.test:1",
    "no_proxy=inside.test",
  ]);
  await writeFile(path.join(configured, "config.json"), "{");
  const refused = await docker.run(["run", "--rm", image, "true"]);
  expect(refused).toMatchObject({ code: 125, stderr: expect.stringContaining("config.json can't be read: it is no JSON object") });
});

it("builds with arguments, labels, names, a target, hosts and a network", async () => {
  const place = await context({
    Dockerfile:
      "FROM busybox AS one\nARG a b=2 FROM_SHELL\nRUN echo $a $b $FROM_SHELL > /args; grep special /etc/hosts > /hosts; ls /sys/class/net > /net\nFROM one AS two\nRUN exit 1\n",
  });
  const flags = [
    ...["--build-arg", "a=x y", "--build-arg", "FROM_SHELL", "--label", "l=1", "-t", "cli/one", "-t", "cli/one:2", "--target", "one"],
    ...["--add-host", "special:10.0.0.1", "--add-host=special6=[::1]", "--add-host", "special-host:host-gateway", "--network", "none"],
  ];
  expect(await built([...flags, place], "cat /args /hosts /net")).toBe(
    "x y 2 shell's\n10.0.0.1\tspecial\n::1\tspecial6\n127.0.0.1\tspecial-host\nlo\n",
  );
  const [image] = JSON.parse((await caisson.run(["inspect", "cli/one:2"])).stdout);
  expect(image).toMatchObject({ references: ["cli/one:2", "cli/one:latest"], labels: { l: "1" } });
});

it("takes secrets from files and variables, and agents", async () => {
  await using agent = await startAgent("cli-key");
  const place = await context({
    Dockerfile:
      'FROM busybox\nRUN --mount=type=secret,id=f --mount=type=secret,id=e,env=E --mount=type=secret,id=FROM_SHELL --mount=type=ssh [ -S $SSH_AUTH_SOCK ] && cd /run/secrets && cat f FROM_SHELL > /seen && echo " $E" >> /seen\n',
    secret: "from a file ",
  });
  const flags = ["--secret", `id=f,src=${place}/secret`, "--secret", "type=env,id=e,env=FROM_SHELL", "--secret", "id=FROM_SHELL", "--ssh"];
  expect(await built([...flags, `default=${agent.socket}`, place], "cat /seen")).toBe("from a file shell's shell's\n");
});

it("runs everything again, or some stages, where it is told to", async () => {
  const place = await context({ Dockerfile: "FROM busybox AS a\nRUN echo 1\nFROM a AS b\nRUN echo 2\n" });
  const steps = async (...flags: string[]) => {
    const { stderr } = await caisson.run(["build", "--progress=plain", ...flags, place]);
    return stderr
      .split("\n")
      .filter((line) => / (CACHED|DONE .*)$/.test(line))
      .map((line) => line.replace(/^#\d+ (\w+).*/, "$1"))
      .slice(1);
  };
  expect(await steps()).toEqual(["DONE", "DONE"]);
  expect(await steps()).toEqual(["CACHED", "CACHED"]);
  expect(await steps("--no-cache")).toEqual(["DONE", "DONE"]);
  expect(await steps("--no-cache-filter", "b,c")).toEqual(["CACHED", "DONE"]);
});

it("takes further contexts: directories, images, layouts, repositories, URLs", async () => {
  await using web = await startWebServer();
  web.files.set("/file", { content: "from a URL\n" });
  const repository = await context({ "in.git/f": "from a repository\n" });
  await git(path.join(repository, "in.git"), "init", "-q");
  await git(path.join(repository, "in.git"), "add", ".");
  await git(path.join(repository, "in.git"), "commit", "-qm", "x");
  const layout = path.join(scratch, "layout");
  const made = await caisson.run(
    ["build", "-q", "-o", `type=oci,dest=${scratch}/layout.tar`, "-t", "in-layout:7", "-"],
    "FROM busybox\nRUN echo from a layout > /f\n",
  );
  expect(made.code).toBe(0);
  await mkdir(layout);
  execFileSync("tar", ["-x", "-C", layout, "-f", path.join(scratch, "layout.tar")]);
  const place = await context({
    Dockerfile:
      "FROM base\nCOPY --from=dir f /1\nCOPY --from=web context /2\nCOPY --from=git f /3\nCOPY --from=oci f /4\nCOPY --from=byname f /5\n",
    "other/f": "from a directory\n",
  });
  const contexts = {
    base: "docker-image://busybox",
    dir: path.join(place, "other"),
    web: `${web.url}/file`,
    git: `file://${repository}/in.git`,
    oci: `oci-layout://${layout}`,
    byname: `oci-layout://${layout}:${JSON.parse(await readFile(path.join(layout, "index.json"), "utf8")).manifests[0].annotations["org.opencontainers.image.ref.name"]}`,
  };
  const flags = Object.entries(contexts).flatMap(([name, value]) => ["--build-context", `${name}=${value}`]);
  expect(await built([...flags, place], "cat /1 /2 /3 /4 /5")).toBe(
    "from a directory\nfrom a URL\nfrom a repository\nfrom a layout\nfrom a layout\n",
  );
  const wrong = await caisson.run(["build", "--build-context", `oci=oci-layout://${layout}:none`, "-"], "FROM oci\n");
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("an image that is in the layout") });
});

it("takes the context from the standard input, as a tar, compressed or not, and the Dockerfile too", async () => {
  const place = await context({ Dockerfile: "FROM busybox\nCOPY f /f\n", "other.Dockerfile": "FROM busybox\nCOPY f /g\n", f: "piped\n" });
  expect(await built(["-"], "cat /f", tar(place))).toBe("piped\n");
  expect(await built(["-"], "cat /f", tar(place, "-z"))).toBe("piped\n");
  expect(await built(["-"], "cat /f", tar(place, "-J"))).toBe("piped\n");
  expect(await built(["-f", "other.Dockerfile", "-"], "cat /g", tar(place))).toBe("piped\n");
  expect(await built(["-"], "cat /h", "FROM busybox\nRUN echo alone > /h\n")).toBe("alone\n");
  expect(await built(["-f", "-", place], "cat /f2", "FROM busybox\nCOPY f /f2\n")).toBe("piped\n");
  expect(await caisson.run(["build", "-f", "-", "-"], "")).toMatchObject({ code: 2, stderr: expect.stringContaining("can't be both") });
});

it("takes the context from a repository or a URL", async () => {
  const repository = path.join(await context({ "r.git/sub/Dockerfile": "FROM busybox\nCOPY . /c\n", "r.git/sub/f": "cloned\n" }), "r.git");
  await git(repository, "init", "-q");
  await git(repository, "add", ".");
  await git(repository, "commit", "-qm", "x");
  expect(await built([`file://${repository}#main:sub`], "cat /c/f")).toBe("cloned\n");
  await using web = await startWebServer();
  web.files.set("/c.tar.gz", { content: tar(path.join(repository, "sub"), "-z") });
  web.files.set("/Dockerfile", { content: "FROM busybox\nRUN echo by URL > /f\n" });
  expect(await built([`${web.url}/c.tar.gz`], "cat /c/f")).toBe("cloned\n");
  expect(await built([`${web.url}/Dockerfile`], "cat /f")).toBe("by URL\n");
});

it("finds the Dockerfile where the command was given, or in the context", async () => {
  const place = await context({ "sub/my.Dockerfile": "FROM busybox\nCOPY f /f\n", f: "1\n" });
  expect(await built(["-f", "sub/my.Dockerfile", place], "cat /f")).toBe("1\n");
  expect(await built(["-f", path.join(place, "sub/my.Dockerfile"), place], "cat /f")).toBe("1\n");
  expect(await caisson.run(["build", place])).toMatchObject({ code: 1, stderr: expect.stringMatching(/The Dockerfile .* can't be read/) });
});

it("writes ids and digests to files", async () => {
  const place = await context({ Dockerfile: "FROM busybox\nLABEL iid=1\n" });
  const [iid, metadata] = [path.join(scratch, "iid"), path.join(scratch, "metadata.json")];
  const { stdout } = await caisson.run(["build", "-q", "-t", "with-id", "--iidfile", iid, "--metadata-file", metadata, place]);
  expect(`${await readFile(iid, "utf8")}\n`).toBe(stdout);
  expect(JSON.parse(await readFile(metadata, "utf8"))).toEqual({
    "containerimage.config.digest": stdout.trim(),
    "containerimage.digest": expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    "image.name": "with-id:latest",
  });
});

it("writes what was built as files, tars and archives", async () => {
  const place = await context({
    Dockerfile: "FROM scratch\nCOPY --chmod=640 --chown=5:6 f /d/f\nCOPY --from=busybox /bin/sh /d/sh\nWORKDIR /empty\n",
    f: "content",
  });
  const out = (name: string) => path.join(scratch, `out-${name}`);
  const flags = [
    "-o",
    out("local"),
    "-o",
    `type=tar,dest=${out("tar")}`,
    "-o",
    `type=docker,dest=${out("docker")}`,
    "--output",
    `type=oci,dest=${out("oci")}`,
  ];
  expect(await caisson.run(["build", "-q", ...flags, "-o", "type=image", place])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(ID),
  });
  expect(await readFile(path.join(out("local"), "d/f"), "utf8")).toBe("content");
  const { mode, uid, gid } = await stat(path.join(out("local"), "d/f"));
  expect([mode & 0o7777, uid, gid]).toEqual([0o640, 5, 6]);
  expect(await readlink(path.join(out("local"), "d/sh")).catch(() => "a file")).toBe("a file");
  expect((await readdir(out("local"))).sort()).toEqual(["d", "empty"]);
  const list = (file: string) => execFileSync("tar", ["-t", "-f", file], { encoding: "utf8" });
  expect(
    list(out("tar"))
      .split("\n")
      .filter((name) => name.endsWith("d/f")),
  ).toHaveLength(1);
  expect(list(out("docker"))).toContain("manifest.json");
  expect(list(out("oci"))).toContain("oci-layout");
  expect((await caisson.run(["load", "-i", out("oci")])).code).toBe(0);
});

it("writes to the standard output where it is told to, and nothing else", async () => {
  const place = await context({ Dockerfile: "FROM scratch\nCOPY f /f\n", f: "content" });
  const { child, result } = caisson.start(["build", "-o", "-", place]);
  const pieces: Buffer[] = [];
  child.stdout!.on("data", (piece: Buffer) => pieces.push(piece));
  expect((await result).code).toBe(0);
  expect(execFileSync("tar", ["-x", "-O", "-f", "-", "./f"], { input: Buffer.concat(pieces), encoding: "utf8" })).toBe("content");
  expect(await caisson.run(["build", "-o", "-", "-o", "type=oci", place])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("--output"),
  });
});

it("an image without layers can be written too", async () => {
  const { code } = await caisson.run(["build", "-q", "-o", path.join(scratch, "out-nothing"), "-"], "FROM scratch\nENV a=b\n");
  expect(code).toBe(0);
  expect(await readdir(path.join(scratch, "out-nothing"))).toEqual([]);
});

it("shows progress plainly, as JSON, redrawn, or not at all", async () => {
  const place = await context({ Dockerfile: "FROM busybox\nRUN echo to stdout; echo to stderr >&2\n" });
  const plain = await caisson.run(["build", "--no-cache", place]);
  expect(plain.stderr).toMatch(/^#1 \[1\/2\] FROM busybox\n#1 DONE 0\.\ds\n#2 \[2\/2\] RUN echo to stdout; echo to stderr >&2\n/);
  expect(plain.stderr).toMatch(/^#2 \d+\.\d{3} to stdout$/m);
  const json = (await caisson.run(["build", "--progress=json", place])).stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(json).toMatchObject([
    { type: "step", step: 1, name: "[1/2] FROM busybox", location: "Dockerfile:1" },
    { type: "done", step: 1 },
    { type: "step", step: 2 },
    { type: "done", step: 2, cached: true },
  ]);
  const redrawn = (await caisson.run(["build", "--progress=tty", place])).stderr;
  expect(redrawn).toContain("=> CACHED [2/2] RUN echo to stdout");
  expect(redrawn).toContain("\x1b[2K");
  expect((await caisson.run(["build", "--progress=quiet", place])).stderr).toBe("");
  expect(await caisson.run(["build", "--progress=loud", place])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("auto, plain, tty, json, quiet"),
  });
});

it("failures end with code 1, and show the place, the command and what it said", async () => {
  const place = await context({ Dockerfile: "FROM busybox\n\nRUN echo so far so good \\\n && exit 7\n" });
  const { code, stdout, stderr } = await caisson.run(["build", place]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("Dockerfile:3: RUN failed: exit code 7\n3 | RUN echo so far so good  && exit 7\nso far so good\n");
  const invalid = await caisson.run(["build", await context({ Dockerfile: "FROM busybox\nCOPPY a b\n" })]);
  expect(invalid).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Dockerfile:2:1: unknown instruction: COPPY\n2 \| COPPY a b\n(.*\n)*Remedy: Did you mean COPY\?\n$/),
  });
  expect(await caisson.run(["build"])).toMatchObject({ code: 2, stderr: expect.stringContaining("needs DIRECTORY|URL|-") });
  expect(await caisson.run(["build", "--bogus", "."])).toMatchObject({ code: 2 });
  expect(await caisson.run(["build", "/no/such/directory"])).toMatchObject({ code: 1, stderr: expect.stringContaining("can't be read") });
});

it.each([
  [["--secret", "src=x"], "id=NAME"],
  [["--secret", "id=x,type=pipe"], "file, env"],
  [["--ssh", "default"], "SSH_AUTH_SOCK"],
  [["--add-host", "x"], "HOST:ADDRESS"],
  [["--add-host", "x:y"], "an address, or host-gateway"],
  [["--network", "moon"], "default, none, host"],
  [["--output", "type=floppy"], "local, tar, oci, docker, image"],
  [["--output", "type=local"], "type=local,dest=DIRECTORY"],
  [["--allow", "everything"], "security.insecure, network.host"],
  [["--platform", "a/b/c/d"], "os/architecture"],
  [["--build-arg", "=x"], "NAME=VALUE"],
  [["--target", "none"], "target stage could not be found: none"],
  [["--build-context", "x=/no/such/place"], "can't be read"],
])("%j is refused", async (flags, message) => {
  const place = await context({ Dockerfile: "FROM busybox\nCOPY --from=x / /\n" });
  const environment = commandLine(path.join(scratch, "home"), { SSH_AUTH_SOCK: "", CAISSON_OFFLINE: "1" });
  const { code, stderr } = await environment.run(["build", ...flags, place]);
  expect(stderr).toContain(message);
  expect(code).toBe(1);
});

it("a signal ends the build, with nothing left", async () => {
  const place = await context({ Dockerfile: "FROM busybox\nRUN echo begun; sleep 60\n" });
  const { child, result } = caisson.start(["build", place]);
  let said = "";
  child.stderr!.on("data", (text: Buffer) => {
    // Once: a second signal ends it at once.
    const before = /^#2 \d.* begun$/m.test(said);
    said += text;
    if (!before && /^#2 \d.* begun$/m.test(said)) child.kill("SIGINT");
  });
  await once(child, "exit");
  expect((await result).code).toBe(130);
  expect(await readdir(path.join(scratch, "home/sessions"))).toEqual([]);
  expect(await readdir(path.join(scratch, "home/build/in-use"))).toEqual([]);
});

it("builder prune forgets what was built, and says how much", async () => {
  await caisson.run(["build", "-"], "FROM busybox\nRUN echo pruned > /p\n");
  const { code, stdout } = await caisson.run(["builder", "prune", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).entries).toBeGreaterThan(0);
  expect((await caisson.run(["builder", "prune"])).stdout).toBe("Forgot 0 steps, freed 0B\n");
  expect(await caisson.run(["builder", "du"])).toMatchObject({ code: 2, stderr: expect.stringContaining("caisson builder prune") });
});
