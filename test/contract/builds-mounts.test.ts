/** RUN --mount: what each kind shows to the command, what it leaves behind, and what of it belongs to the cache's key. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { startAgent } from "../fixtures/ssh-agent.js";
import { needsBuildkit, useBuilds } from "./build-bench.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

const run = promisify(execFile);

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);
  const { context, build, contents, stepsRun, failure } = useBuilds(bench);
  needsBuildkit(bench);

  describe("caches", () => {
    const stage = "FROM busybox AS s\nRUN mkdir -p -m 750 /d/e && echo first > /d/f && ln /d/f /d/e/g && chown -R app /d\nFROM busybox\n";
    const using = (mount: string, script: string) => `${stage}RUN --mount=type=cache,${mount} (${script}) > /seen\n`;

    it("begin as a copy of what from and source name, and keep what is written", async () => {
      const mount = "from=s,source=/d,target=/c,id=begin";
      const first = await build(using(mount, "stat -c '%a %U %h %n' /c /c/e /c/f; cat /c/e/g; echo second >> /c/f"));
      expect(await contents(first, "cat /seen")).toBe("755 app 3 /c\n750 app 2 /c/e\n644 app 2 /c/f\nfirst\n");
      expect(await contents(await build(using(mount, "cat /c/f")), "cat /seen; ls -d /c 2>&1")).toBe(
        "first\nsecond\nls: /c: No such file or directory\n",
      );
      expect(await contents(await build(`${stage}COPY --from=s /d/f /f`), "cat /f")).toBe("first\n");
    });

    it("with another beginning are others, whatever their id", async () => {
      await build(using("from=s,source=/d,target=/c,id=same", "echo x > /c/x"));
      expect(await contents(await build(using("from=s,source=/d/e,target=/c,id=same", "ls /c")), "cat /seen")).toBe("g\n");
      expect(await contents(await build(using("target=/c,id=same", "ls /c")), "cat /seen")).toBe("");
    });

    it("may be one file, of an image", async () => {
      const mount = "from=busybox,source=/etc/passwd,target=/users,id=file";
      await build(using(mount, "echo more >> /users"));
      expect(await contents(await build(using(mount, "tail -1 /users; ls /etc | wc -l")), "head -1 /seen")).toBe("more\n");
    });

    it("may begin with files of a named context, and of the build's own context", async () => {
      const other = await context({ "sub/x": "named" });
      const options = { contexts: { other } };
      expect(await contents(await build(using("from=other,source=sub,target=/c,id=n", "cat /c/x"), options), "cat /seen")).toBe("named");
    });

    it("begin empty, with the mode and owner that are asked for", async () => {
      const image = await build(using("from=s,target=/c,id=own,mode=0710,uid=5,gid=6", "stat -c '%a %u %g' /c; ls /c"));
      expect(await contents(image, "cat /seen")).toBe("710 5 6\n");
    });

    it("can't begin with what is not there", async () => {
      expect((await failure(using("from=s,source=/none,target=/c", "true"))).message).toContain(
        'Dockerfile:4: RUN failed: "/none": not found in s',
      );
      expect((await failure(using("source=/d,target=/c", "true"))).message).toContain("a cache begins empty without from=");
    });

    it("that are private are kept, and apart for steps at the same time", async () => {
      const step = (name: string, script: string) =>
        `FROM busybox AS ${name}\nRUN --mount=type=cache,target=/c,id=private,sharing=private ${script} && ls /c > /${name}\n`;
      const both = `${step("a", "touch /c/a && sleep 0.5")}${step("b", "touch /c/b && sleep 0.5")}FROM busybox\nCOPY --from=a /a /\nCOPY --from=b /b /\n`;
      expect(await contents(await build(both), "cat /a /b")).toBe("a\nb\n");
      const later = await contents(await build(step("again", "true")), "cat /again");
      expect(["a\n", "b\n"]).toContain(later);
    });

    it("that are read-only can't be written to", async () => {
      expect((await failure("FROM busybox\nRUN --mount=type=cache,target=/c,ro touch /c/x")).message).toContain("Read-only file system");
    });
  });

  describe("binds", () => {
    it("count by what they show alone", async () => {
      const place = await context({
        Dockerfile: "FROM busybox\nRUN --mount=type=bind,source=sub,target=/b cat /b/f\nRUN --mount=source=one,target=/one cat /one\n",
        "sub/f": "1",
        one: "1",
        other: "1",
      });
      expect(await stepsRun(place)).toHaveLength(2);
      await writeFile(path.join(place, "other"), "2");
      expect(await stepsRun(place)).toEqual([]);
      await writeFile(path.join(place, "one"), "2");
      expect(await stepsRun(place)).toEqual(["RUN --mount=source=one,target=/one cat /one"]);
    });

    it("of a stage count by their contents, not by how the stage came to be", async () => {
      const text = (step: string) =>
        `FROM busybox AS s\nRUN ${step}; mkdir /d; echo same > /d/f\nFROM busybox\nRUN --mount=from=s,source=/d,target=/b cat /b/f\n`;
      const place = await context({ Dockerfile: text("echo one > /one") });
      await stepsRun(place);
      await writeFile(path.join(place, "Dockerfile"), text("echo two > /two"));
      expect(await stepsRun(place)).toEqual(["RUN echo two > /two; mkdir /d; echo same > /d/f"]);
    });

    it("may be written to where they say so, and what is written is gone after the step", async () => {
      const image = await build(
        "FROM busybox\nRUN --mount=target=/b,rw echo new > /b/f && echo x > /b/x && cat /b/f > /seen\nRUN --mount=target=/b ls /b > /left && cat /b/f >> /left\n",
        { files: { f: "old\n" } },
      );
      expect(await contents(image, "cat /seen /left")).toBe("new\nf\nold\n");
      expect((await failure("FROM busybox\nRUN --mount=target=/b touch /b/x")).message).toContain("Read-only file system");
    });

    it("come before the mounts below them, in whatever order they are written", async () => {
      const image = await build(
        "FROM busybox\nRUN --mount=type=tmpfs,target=/src/out --mount=target=/src,source=src,rw echo x > /src/out/x && ls /src /src/out > /seen\n",
        { files: { "src/f": "1" } },
      );
      expect(await contents(image, "cat /seen")).toBe("/src:\nf\nout\n\n/src/out:\nx\n");
    });

    it("of what is ignored are not there, and say why", async () => {
      const files = { ".dockerignore": "secret", secret: "1" };
      expect((await failure("FROM busybox\nRUN --mount=source=secret,target=/s cat /s", { files })).message).toContain(
        'RUN failed: "/secret": not found in the context: the ignore file excludes it',
      );
    });

    it("keep the mode and owner of what they show", async () => {
      const dockerfile =
        "FROM busybox AS s\nRUN mkdir -m 710 /d && chown 3:4 /d\nFROM busybox\nRUN --mount=from=s,source=/d,target=/b stat -c '%a %u:%g' /b > /seen\n";
      expect(await contents(await build(dockerfile), "cat /seen")).toBe("710 3:4\n");
    });
  });

  it("a tmpfs is as large as it says", async () => {
    const found = await failure(
      "FROM busybox\nRUN --mount=type=tmpfs,target=/t,size=64k df -k /t | tail -1; dd if=/dev/zero of=/t/x bs=1k count=100",
    );
    expect(found.message).toContain("No space left on device");
    expect(found.message).toMatch(/tmpfs +64 /);
  });

  it("places to mount on leave nothing in the image, also behind its own links", async () => {
    const image = await build(
      "FROM busybox\nRUN mkdir -p /data /var/x && ln -s /data /var/link && ln -s ../../data /var/x/up\nRUN --mount=type=secret,id=s,target=/var/link/s --mount=type=cache,target=/var/x/up/deep/c --mount=type=tmpfs,target=/opt/new/t ls /data > /tmp/seen && ls /data/deep >> /tmp/seen\n",
      { secrets: { s: { value: "x" } } },
    );
    expect(await contents(image, "cat /tmp/seen; ls /data /opt 2>&1")).toBe("deep\ns\nc\nls: /opt: No such file or directory\n/data:\n");
  });

  describe("secrets", () => {
    it("come from files, values and variables, and are mounted where and how they are asked for", async () => {
      const directory = await mkdtemp(path.join(tmpdir(), "caisson-secret-"));
      try {
        const file = path.join(directory, "s");
        await writeFile(file, "from a file\n");
        process.env["CAISSON_TEST_SECRET"] = "from a variable";
        const image = await build(
          "FROM busybox\nRUN --mount=type=secret,id=f,target=/f --mount=type=secret,id=e,mode=0444,gid=1000 --mount=type=secret,id=v,env=V,target=/v USER=x; stat -c '%a %u:%g' /f /run/secrets/e /v > /seen; cat /f /run/secrets/e /v >> /seen; echo \" $V\" >> /seen\n",
          { secrets: { f: { file }, e: { env: "CAISSON_TEST_SECRET" }, v: { value: Buffer.from("bytes") } } },
        );
        expect(await contents(image, "cat /seen")).toBe("400 0:0\n444 0:1000\n400 0:0\nfrom a file\nfrom a variablebytes bytes\n");
      } finally {
        delete process.env["CAISSON_TEST_SECRET"];
        await rm(directory, { recursive: true, force: true });
      }
    });

    it("are asked for when the command runs: what is cached needs none", async () => {
      const dockerfile = "FROM busybox\nRUN --mount=type=secret,id=s,required=true cat /run/secrets/s > /dev/null\n";
      expect((await failure(dockerfile)).message).toContain("secret s: not found");
      expect((await failure(dockerfile, { secrets: { s: { file: "/no/such/file" } } })).message).toContain("secret s can't be read");
      const image = await build(dockerfile, { secrets: { s: { value: "x" } } });
      expect((await build(dockerfile)).id).toBe(image.id);
    });
  });

  describe("ssh", () => {
    /** ssh-add of this host with its libraries. */
    async function sshAdd(): Promise<Record<string, Buffer>> {
      const { stdout } = await run("ldd", ["/usr/bin/ssh-add"]);
      const libraries = stdout.split("\n").flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
      const files = await Promise.all(
        ["/usr/bin/ssh-add", ...libraries].map(async (file) => [`root${file}`, await readFile(file)] as const),
      );
      return Object.fromEntries(files);
    }

    it("an agent's keys can be used by the command alone, by whom the mount says", async () => {
      await using agent = await startAgent("caisson-test-key");
      const files = await sshAdd();
      const image = await build(
        "FROM busybox\nCOPY --chmod=755 root /\nUSER app\nRUN --mount=type=ssh,uid=1000,mode=0600 stat -c '%a %u' $SSH_AUTH_SOCK > /tmp/seen && echo $SSH_AUTH_SOCK >> /tmp/seen && /usr/bin/ssh-add -l >> /tmp/seen\nRUN echo \"x$SSH_AUTH_SOCK\" > /tmp/after; ls /run/buildkit >> /tmp/after 2>&1; true\n",
        { files, ssh: { default: agent.socket } },
      );
      const seen = await contents(image, "cat /tmp/seen /tmp/after");
      expect(seen).toMatch(
        /^600 1000\n\/run\/buildkit\/ssh_agent\.0\n256 SHA256:\S+ caisson-test-key \(ED25519\)\nx\nls: \/run\/buildkit: No such file/,
      );
    });

    it("files of private keys are an agent of their own", async () => {
      await using agent = await startAgent("caisson-test-key");
      const image = await build(
        "FROM busybox\nCOPY --chmod=755 root /\nRUN --mount=type=ssh,required /usr/bin/ssh-add -l > /seen; /usr/bin/ssh-add -D >> /seen 2>&1; true\n",
        { files: await sshAdd(), ssh: { default: [agent.key] } },
      );
      expect(await contents(image, "cat /seen")).toMatch(/^256 SHA256:\S+ caisson-test-key \(ED25519\)\nFailed to remove all identities/);
    });

    it("an agent that is required and not there is named", async () => {
      expect((await failure("FROM busybox\nRUN --mount=type=ssh,id=k,required true")).message).toContain("ssh agent k: not given");
      const gone = { ssh: { default: "/no/agent" } };
      expect((await failure("FROM busybox\nRUN --mount=type=ssh true", gone)).message).toContain(
        "ssh agent default: /no/agent is not there",
      );
    });
  });

  it("devices are refused, by the name of what they would have to be", async () => {
    const found = await failure("FROM busybox\nRUN --device=vendor.com/gpu=all true");
    expect(found.message).toContain("Dockerfile:2: RUN --device is not supported: vendor.com/gpu=all would have to be a CDI device");
  });

  it.each([
    ["no target", "type=cache,id=x", "target is required"],
    ["the root as target", "type=tmpfs,target=/", 'mount target can not be "/"'],
    ["a key of another kind", "type=tmpfs,target=/t,from=x", 'unexpected key "from" for a mount of type tmpfs'],
    ["a sharing that there is not", "type=cache,target=/c,sharing=none", 'unsupported sharing value "none"'],
    ["a size that is none", "type=tmpfs,target=/t,size=many", "invalid value for size: many"],
    ["a mode that is none", "type=secret,id=s,mode=9", "invalid value for mode: 9"],
    ["a flag that is none", "type=bind,target=/b,rw=maybe", "invalid value for readwrite: maybe"],
    ["a stage that is not there", "type=bind,from=7,target=/b", "invalid stage index 7"],
  ])("a mount with %s is refused", async (_, mount, message) => {
    expect(await failure(`FROM busybox\nRUN --mount=${mount} true`)).toMatchObject({
      code: "DOCKERFILE_INVALID",
      message: expect.stringContaining(message),
    });
  });
});
