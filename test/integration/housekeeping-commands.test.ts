/** What is here, what it takes, and what nothing needs any more: df, info, inspect, the prunes, and docker's longer names. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { cpus, hostname, tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { version } from "../../src/engine/version.js";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";

let directory: string;
let caisson: CommandLine;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-housekeeping-"));
  caisson = commandLine(path.join(directory, "home"), { CAISSON_SERVER_IDLE_EXIT: "2s", CAISSON_ENGINE: "builtin" });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  await said("import", "-c", "VOLUME /data", path.join(directory, "busybox.tar"), "busybox");
});
afterAll(async () => {
  await caisson.run(["rm", "-f", "-v", "one", "two"]);
  await vi.waitUntil(() => !existsSync(path.join(directory, "home", "server.lock")), { timeout: 60_000, interval: 50 });
  await rm(directory, { recursive: true, force: true });
});

/** Not all of it is a default. */
const SHOWN = [
  ...[
    "-p",
    "127.0.0.1:18000-18050:8081",
    "-e",
    "A=b",
    "-v",
    "/data",
    "-v",
    "/opt:/bound:ro",
    "--tmpfs",
    "/scratch",
    "--cap-add",
    "NET_ADMIN",
  ],
  ...[
    "--add-host",
    "other:10.0.0.1",
    "--domainname",
    "example.test",
    "-m",
    "64m",
    "--restart",
    "on-failure:2",
    "--ulimit",
    "nofile=100:200",
  ],
];

/** What scripts ask `info` for. */
const COUNTED = [
  "{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}}",
  "{{.Name}} {{.ID}} {{.Driver}} {{.CgroupDriver}} {{.CgroupVersion}}",
].join(" ");

const said = (...words: string[]): Promise<string> => caisson.said(...words);

describe("looking", () => {
  it("inspect finds whatever has the name, or the kind that is asked for", async () => {
    await said("network", "create", "busybox");
    const id = await said(
      "container",
      "run",
      "-d",
      "--name",
      "one",
      "busybox",
      "sh",
      "-c",
      "head -c 100000 /dev/zero >/big; exec sleep 1000",
    );
    expect(JSON.parse(await said("inspect", "one"))).toMatchObject([{ id, name: "one" }]);
    expect(JSON.parse(await said("inspect", "busybox"))).toMatchObject([{ references: ["busybox:latest"] }]);
    expect(JSON.parse(await said("inspect", "--type", "network", "busybox"))).toMatchObject([{ name: "busybox", driver: "bridge" }]);
    expect(JSON.parse(await said("container", "inspect", "one"))).toMatchObject([{ id }]);
    const missing = await caisson.run(["inspect", "nothing-here"]);
    expect([missing.code, missing.stdout, missing.stderr]).toEqual([1, "[]\n", expect.stringContaining("No such object: nothing-here")]);
    const some = await caisson.run(["inspect", "nothing-here", "one"]);
    expect([some.code, JSON.parse(some.stdout)]).toEqual([1, [expect.objectContaining({ id })]]);
    expect((await caisson.run(["inspect", "--type", "pod", "one"])).code).toBe(2);
  });

  it("inspect fills templates, with docker's names", async () => {
    await said("run", "-d", "--name", "shown", ...SHOWN, "busybox", "sleep", "1000");
    const shown = (...words: string[]) => said("inspect", "--format", ...words);
    expect(await shown("{{.State.Status}} {{.Name}} {{.RestartCount}}", "shown")).toBe("running /shown 0");
    expect(await shown("{{range .Mounts}}{{.Type}}:{{.Destination}}{{end}}", "shown")).toBe("bind:/boundvolume:/data");
    expect(await shown('{{(index (index .NetworkSettings.Ports "8081/tcp") 0).HostPort}}', "shown")).toMatch(/^\d+$/);
    expect(await shown("{{json .Config.Env}}", "shown", "shown")).toMatch(/^\[.*"A=b".*\]\n\[.*\]$/);
    expect(JSON.parse(await shown("json", "shown")).Config.Cmd).toEqual(["sleep", "1000"]);
    expect(await said("image", "inspect", "-f", "{{.Os}} {{.RepoTags}}", "busybox")).toBe("linux [busybox:latest]");
    expect(await said("network", "inspect", "-f", "{{.Driver}} {{.Name}}", "busybox")).toBe("bridge busybox");
    expect(await said("container", "inspect", "--size", "-f", "{{.SizeRw}}", "one")).toBe("100000");
    expect(JSON.parse(await said("inspect", "-s", "one"))[0].size.writableBytes).toBe(100_000);
    const wrong = await caisson.run(["inspect", "-f", "{{.Nope}}", "shown"]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("--format: there is no Nope among Id, Created")]);
    // Which of docker's names has what, docker's own command line says of the same server.
    const { stdout } = await promisify(execFile)("docker", [
      "--host",
      `unix://${path.join(directory, "home", "caisson.sock")}`,
      "inspect",
      "shown",
    ]);
    const own = JSON.parse(await shown("json", "shown"));
    const theirs = JSON.parse(stdout)[0];
    expect(theirs.HostConfig.PortBindings).toEqual({ "8081/tcp": [{ HostIp: "127.0.0.1", HostPort: "18000-18050" }] });
    for (const name of ["State", "NetworkSettings", "Mounts", "Path", "Args", "Image", "Name", "HostConfig", "Config"])
      expect([name, own[name]]).toEqual([name, theirs[name]]);
    expect(JSON.parse(await said("inspect", "shown"))[0].hostConfig).toMatchObject({ PortBindings: theirs.HostConfig.PortBindings });
    await said("rm", "-f", "-v", "shown");
  });

  it("lists take filters, and templates with docker's names", async () => {
    await said("tag", "busybox", "other:2");
    const names = (...words: string[]) => said("images", "--format", "{{.Repository}}:{{.Tag}}", ...words);
    expect((await names()).split("\n").sort()).toEqual(["busybox:latest", "other:2"]);
    expect(await names("--filter", "reference=oth*", "--filter", "dangling=false")).toBe("other:2");
    expect(await names("other")).toBe("other:2");
    for (const none of ["dangling=true", "label=nonesuch", "before=busybox", "since=busybox", "until=24h"])
      expect([none, await names("--filter", none)]).toEqual([none, ""]);
    expect(await said("images", "--digests", "other")).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID .*\nother +2 +<none> +[0-9a-f]{12} /);
    expect(await said("images", "-q")).toMatch(/^[0-9a-f]{12}$/);
    await said("rmi", "--no-prune", "other:2");
    expect(await said("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Internal}}")).toBe("busybox bridge false");
    const volume = await said("volume", "create", "--label", "a=b");
    expect(await said("volume", "ls", "--format", "table {{.Name}}\t{{.Labels}}")).toContain(`${volume}   a=b`);
    await said("volume", "rm", volume);
    const events = ["events", "--since", "10m", "--until", "0s", "--filter", "type=container", "--filter", "event=start"];
    expect(await said(...events, "--format", "{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Status}}")).toContain(
      "container start one start",
    );
    expect(JSON.parse((await said(...events, "--format", "json")).split("\n")[0]!)).toMatchObject({ Type: "container", scope: "local" });
    const refused = await caisson.run(["network", "create", "--attachable", "x"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("it is for swarm")]);
  });

  it("volumes are asked for where the containers are that have them", async () => {
    const name = await said("volume", "create", "taken");
    await said("create", "--name", "holder", "-v", "taken:/data", "busybox", "true");
    expect(await said("volume", "inspect", "-f", "{{.Name}} {{.Driver}}", name)).toBe("taken local");
    expect(JSON.parse(await said("volume", "inspect", name))[0].usedBy).toHaveLength(1);
    expect((await caisson.run(["volume", "rm", name])).stderr).toContain("holder");
    await said("rm", "holder");
    expect(await said("volume", "rm", name)).toBe("taken");
  });

  it("create makes what start starts", async () => {
    const id = await said("create", "--name", "two", "-e", "A=b", "busybox", "sh", "-c", "echo $A");
    expect(await said("ps", "-a", "--format", "{{.Names}} {{.State}}", "--filter", "name=two")).toBe("two created");
    const shown = '{{.Mounts}} {{.LocalVolumes}} {{.CreatedAt}} {{.Label "none"}}';
    const listed = async (command: Promise<string>) => (await command).trim();
    const docker = promisify(execFile)("docker", [
      ...["--host", `unix://${path.join(directory, "home", "caisson.sock")}`, "ps", "-a"],
      ...["--filter", "name=two", "--format", shown],
    ]);
    expect(await listed(said("ps", "-a", "--filter", "name=two", "--format", shown))).toBe(
      await listed(docker.then(({ stdout }) => stdout)),
    );
    await said("start", "two");
    await expect.poll(() => said("logs", "two")).toBe("b");
    expect(await said("inspect", "two")).toContain(id);
    await said("rm", "-v", "two");
    expect((await caisson.run(["create", "--pull", "never", "no-such-image"])).code).toBe(125);
  });

  it("update changes limits, and tells of each container that it has changed", async () => {
    const shown = () =>
      said("inspect", "-f", "{{.HostConfig.Memory}} {{json .HostConfig.PidsLimit}} {{json .HostConfig.RestartPolicy}}", "one");
    expect(await said("update", "-m", "64m", "--pids-limit", "50", "--restart", "on-failure:3", "one")).toBe("one");
    expect(await shown()).toBe(`${64 << 20} 50 {"Name":"on-failure","MaximumRetryCount":3}`);
    expect(await said("container", "update", "--pids-limit", "-1", "--restart", "no", "one")).toBe("one");
    expect(await shown()).toBe(`${64 << 20} null {"Name":"no","MaximumRetryCount":0}`);
    const some = await caisson.run(["update", "--cpus", "1", "nothing-here", "one"]);
    expect([some.code, some.stdout, some.stderr]).toEqual([1, "one\n", expect.stringContaining("nothing-here")]);
    const small = await caisson.run(["update", "--memory", "1m", "one"]);
    expect([small.code, small.stderr]).toEqual([1, expect.stringContaining("memory")]);
    expect((await caisson.run(["update", "one"])).code).toBe(2);
    const refused = await caisson.run(["update", "--kernel-memory", "6m", "one"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--kernel-memory is not served")]);
  });

  it("export writes what a container has for files, to a file or a pipe", async () => {
    const file = path.join(directory, "exported.tar");
    expect(await said("export", "-o", file, "one")).toBe("");
    const { stdout } = await promisify(execFile)("tar", ["-t", "-f", file]);
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["big", "bin/busybox", "data/"]));
    const piped = await caisson.run(["export", "one"]);
    expect([piped.code, piped.stdout.length]).toEqual([0, expect.any(Number)]);
    await caisson.said("import", file, "again");
    expect(await said("run", "--rm", "--entrypoint", "/bin/wc", "again", "-c", "/big")).toBe("100000 /big");
    await said("rmi", "again");
    expect((await caisson.run(["export", "-o", file, "nothing-here"])).code).toBe(1);
  });

  it("archives are refused before they are made where they can't be written, and what is there stays", async () => {
    const outputs = await mkdtemp(path.join(directory, "outputs-"));
    const full = path.join(outputs, "dir");
    await mkdir(full);
    await writeFile(path.join(outputs, "file"), "");
    const outcome = async (output: string, ...words: string[]) => {
      const { code, stderr } = await caisson.run([...words.slice(0, 1), "-o", output, ...words.slice(1)]);
      return [code, stderr.replaceAll(outputs, "OUT")];
    };
    const directoryFails = [1, "OUT/dir can't be written: it is a directory\nRemedy: Name a file, such as OUT/dir/archive.tar.\n"];
    for (const words of [
      ["export", "one"],
      ["save", "busybox"],
    ])
      expect(await outcome(full, ...words)).toEqual(directoryFails);
    const remedy = "\nRemedy: Make the directory, or name a file in another one.\n";
    expect(await outcome(path.join(outputs, "none", "z.tar"), "export", "one")).toEqual([
      1,
      `OUT/none/z.tar can't be written: OUT/none is not there${remedy}`,
    ]);
    expect(await outcome(path.join(outputs, "file", "z.tar"), "save", "busybox")).toEqual([
      1,
      `OUT/file/z.tar can't be written: OUT/file is no directory${remedy}`,
    ]);
    expect(await outcome(`type=tar,dest=${full}`, "build", "no-such-context")).toEqual(directoryFails);
    await promisify(execFile)("mkfifo", [path.join(outputs, "pipe")]);
    expect(await outcome(path.join(outputs, "pipe"), "export", "one")).toEqual([
      1,
      "OUT/pipe can't be written: it is no regular file\nRemedy: Leave the option out, and use a pipe.\n",
    ]);
    expect((await readdir(outputs, { recursive: true })).sort()).toEqual(["dir", "file", "pipe"]);
  });

  it("system df and info tell what there is", async () => {
    const rows = (await said("system", "df")).split("\n").map((line) => line.split(/ {3,}/));
    expect(rows[0]).toEqual(["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"]);
    expect(rows.slice(1).map(([type, total, active]) => [type, total, active])).toEqual([
      ["Images", "1", "1"],
      ["Containers", "1", "1"],
      ["Local Volumes", "1", "1"],
      ["Build Cache", "0", "0"],
    ]);
    expect(rows[2]?.[3]).toBe("100kB");
    expect(await said("system", "df", "--format", "{{.Type}}: {{.TotalCount}}")).toBe(
      "Images: 1\nContainers: 1\nLocal Volumes: 1\nBuild Cache: 0",
    );
    expect(JSON.parse(await said("system", "df", "-v", "--format", "json"))).toMatchObject({
      ...{ Images: [{ Repository: "busybox", Containers: "1" }], Containers: [{ Names: "one" }], Volumes: [{}], BuildCache: [] },
    });
    expect(await said("system", "df", "-v", "--format", "{{range .Containers}}{{.Names}} {{.Size}}{{end}}")).toBe("one 100kB");
    const tables = (await said("system", "df", "-v")).split("\n").map((line) => line.split(/ {3,}/));
    expect(tables).toContainEqual([
      "busybox",
      "latest",
      expect.stringMatching(/^[0-9a-f]{12}$/),
      ...Array(4).fill(expect.any(String)),
      "1",
    ]);
    expect(tables).toContainEqual([expect.stringMatching(/^[0-9a-f]{12}$/), "busybox", "100kB", expect.any(String), "running", "one"]);
    expect(tables).toContainEqual([expect.stringMatching(/^[0-9a-f]{64}$/), "yes", expect.any(String)]);
    expect(await said("version", "--format", "{{.Client.APIVersion}} {{.Server.APIVersion}}")).toBe("1.48 1.48");
    expect(JSON.parse(await said("version", "--format", "json"))).toMatchObject({ Server: { ApiVersion: "1.48" } });
    const unknown = await caisson.run(["version", "--format", "{{.Nope}}"]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("there is no Nope among Client, Server")]);
    expect(await said("info", "--format", "{{.Images}} {{.OSType}} {{.NCPU}}")).toBe(`1 linux ${cpus().length}`);
    expect(await said("version", "-f", "{{.Client.Version}} {{.Server.Version}}")).toBe(`${version} ${version}`);
    const { stdout } = await promisify(execFile)("docker", [
      ...["--host", `unix://${path.join(directory, "home", "caisson.sock")}`, "info"],
      ...["--format", COUNTED],
    ]);
    expect(`${await said("info", "--format", COUNTED)}\n`).toBe(stdout);
    expect(stdout).toMatch(new RegExp(`^1 1 0 0 ${hostname()} [0-9a-f-]+ overlay2 cgroupfs [12]\n$`));
    expect(await said("info")).toMatch(/^Engine: Caisson .*\nContainers: 1\nImages: 1\n/);
    expect(JSON.parse(await said("system", "info", "--json"))).toMatchObject({ containers: 1, supports: { sessionBound: false } });
  });

  it("system df counts what builds remember by itself, whoever asks", async () => {
    const context = path.join(directory, "context");
    await mkdir(context);
    await writeFile(path.join(context, "Dockerfile"), "FROM busybox\nRUN head -c 200000 /dev/zero >/remembered\n");
    const table = async () =>
      Object.fromEntries(
        (await said("system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Size}}|{{.Reclaimable}}"))
          .split("\n")
          .map((line) => line.split("|"))
          .map(([type, ...cells]) => [type, cells]),
      );
    const before = await table();
    await caisson.run(["build", "-t", "built", context]);
    expect((await table())["Build Cache"]).toEqual([expect.stringMatching(/^[1-9]/), "0B", "0B"]);
    await said("rmi", "built");
    const after = await table();
    expect(after["Build Cache"]).toEqual([expect.stringMatching(/^[1-9]/), "200kB", "200kB (100%)"]);
    expect(after["Images"]).toEqual(before["Images"]);
    const socket = `unix://${path.join(directory, "home", "caisson.sock")}`;
    const docker = promisify(execFile)("docker", [
      ...["--host", socket, "system", "df"],
      ...["--format", "{{.Type}}|{{.TotalCount}}|{{.Size}}"],
    ]);
    const theirs = (await docker).stdout.split("\n");
    expect(theirs).toContain(`Build Cache|${after["Build Cache"]![0]}|200kB`);
    // Docker prints a digit more.
    expect(theirs).toContainEqual(expect.stringContaining(`Images|1|${Number.parseFloat(after["Images"]![1]!)}`));
    const { steps } = JSON.parse(await said("system", "df", "--json")).buildCache;
    expect(steps).toContainEqual({ id: expect.any(String), created: expect.any(String), bytes: 200_000, shared: false });
    expect(Date.now() - Date.parse(steps[0].created)).toBeLessThan(600_000);
    await said("builder", "prune", "-f");
    expect((await table())["Build Cache"]).toEqual(["0", "0B", "0B"]);
  });
});

describe("removing what nothing needs", () => {
  it("rm leaves anonymous volumes unless told otherwise", async () => {
    await said("run", "-d", "--name", "two", "busybox", "sleep", "1000");
    expect((await said("volume", "ls", "-q")).split("\n")).toHaveLength(2);
    await said("rm", "-f", "two");
    expect((await said("volume", "ls", "-q")).split("\n")).toHaveLength(2);
    await said("stop", "-t", "0", "one");
  });

  it("rm tells of what is not there, and fails for it unless forced", async () => {
    await said("create", "--name", "two", "busybox", "true");
    for (const [flags, code, gone] of [
      [["-f", "-v"], 0, "two\n"],
      [[], 1, ""],
    ] as const) {
      const result = await caisson.run(["rm", ...flags, "nosuch", "two"]);
      expect([result.code, result.stdout, result.stderr]).toEqual([code, gone, expect.stringMatching(/No such container: nosuch/)]);
    }
  });

  it("asks first, and takes the end of the input for a no", async () => {
    for (const answer of ["", "n\n"]) {
      const { code, stdout, stderr } = await caisson.run(["container", "prune"], answer);
      expect([code, stdout, stderr]).toEqual([1, "", "This will remove:\n  - all containers that do not run\nGo on? [y/N] "]);
    }
    const { code, stdout } = await caisson.run(["container", "prune"], "y\n");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}\nTotal reclaimed space: 100kB\n$/)]);
  });

  it("prune spares what a filter does not choose, networks and volumes, too", async () => {
    await said("network", "create", "--label", "keep=yes", "kept");
    await said("network", "create", "spare");
    await said("volume", "create", "--label", "keep=yes", "labelled");
    expect(await said("prune", "-f", "--filter", "label=keep=no")).toBe("Total reclaimed space: 0B");
    expect(await said("network", "prune", "-f", "--filter", "label!=keep", "--filter", "until=24h")).toBe("");
    expect(await said("prune", "-f", "--volumes", "--filter", "label=keep=yes")).toBe("kept\nTotal reclaimed space: 0B");
    expect(await said("network", "ls", "--filter", "name=spare", "-q")).not.toBe("");
    const aged = await caisson.run(["prune", "-f", "--volumes", "--filter", "until=24h"]);
    expect([aged.code, aged.stderr]).toEqual([2, expect.stringContaining("volumes are not chosen by age")]);
    expect(await said("volume", "prune", "-a", "-f", "--filter", "label=keep=yes")).toMatch(/^labelled\n/);
    const asked = await caisson.run(["prune"], "n\n");
    expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining("all networks that no container is on")]);
    await said("network", "rm", "spare");
  });

  it("system prune takes containers, networks, images and, if told to, volumes", async () => {
    await said("image", "tag", "busybox", "other");
    await said("run", "-d", "--name", "two", "--label", "keep=no", "busybox", "true");
    expect(await said("system", "prune", "-f", "--filter", "label=keep=yes")).toBe("Total reclaimed space: 0B");
    const { removed } = JSON.parse(await said("system", "prune", "-f", "--volumes", "--json"));
    expect(removed).toContain("busybox"); // the network
    expect(await said("volume", "ls", "-q")).toBe("");
    expect(await said("images", "-q")).not.toBe("");
    expect(await said("image", "prune", "-a", "-f")).toMatch(/^busybox:latest\nother:latest\nsha256:(?:.|\n)*Total reclaimed space: [1-9]/);
    expect(await said("image", "ls", "-q")).toBe("");
  });
});
