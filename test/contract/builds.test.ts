import { symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import type { BuildOptions, ImageInspect } from "../../src/engine/engine.js";
import { outputOf } from "../fixtures/output.js";
import { needsBuildkit, useBuilds } from "./build-bench.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);
  const { context, build, contents, stepsRun, failure } = useBuilds(bench);
  needsBuildkit(bench);

  describe("results", () => {
    it("an image has the names that it was given, and runs", async () => {
      const image = await build('FROM busybox\nRUN echo built > /f\nCMD ["cat", "/f"]', { tags: ["one", "two:2"], labels: { a: "b" } });
      expect(image.references).toEqual(["one:latest", "two:2"]);
      expect(image.labels).toEqual({ a: "b" });
      expect(await outputOf(bench.engine, { image: "two:2" })).toBe("built\n");
    });

    it("arguments of one instruction see those before them", async () => {
      // As in newer BuildKits than the one of the differential tests.
      const image = await build("FROM scratch\nARG a=1 b=${a}2 c=$b$d d=4\nENV e=$c\n");
      expect(image.config.env).toContain("e=12");
    });

    it("a context may be a tar, compressed or not", async () => {
      const tar = pack();
      tar.entry({ name: "Dockerfile" }, "FROM busybox\nCOPY f /f\n");
      tar.entry({ name: "f" }, "from a tar");
      tar.finalize();
      const bytes = await buffer(tar as unknown as AsyncIterable<Uint8Array>);
      for (const archive of [bytes, gzipSync(bytes)]) {
        const { image } = await bench.engine.images.build({
          tar: (async function* () {
            yield archive;
          })(),
        });
        expect(await contents(image, "cat /f")).toBe("from a tar");
      }
    });

    it("the Dockerfile may have another name, and its own ignore file", async () => {
      const place = await context({
        "docker/app.Dockerfile": "FROM busybox\nCOPY . /c\n",
        "docker/app.Dockerfile.dockerignore": "secret\n",
        ".dockerignore": "f\n",
        f: "1",
        secret: "2",
      });
      const { image } = await bench.engine.images.build(place, { dockerfile: "docker/app.Dockerfile" });
      expect(await contents(image, "ls /c")).toBe("docker\nf\n");
    });

    it("times of files and image are capped by SOURCE_DATE_EPOCH, and the same input gives the same digest", async () => {
      const dockerfile = "FROM busybox\nRUN touch /f\nCOPY a /a\n";
      const first = await build(dockerfile, { files: { a: "1" }, buildArgs: { SOURCE_DATE_EPOCH: "1000000000" }, noCache: true });
      const second = await build(dockerfile, { files: { a: "1" }, sourceDateEpoch: 1_000_000_000, noCache: true });
      expect(second.id).toBe(first.id);
      expect(first.created).toEqual(new Date("2001-09-09T01:46:40Z"));
    });

    it("named contexts are directories or images, and come before images of that name", async () => {
      const other = await context({ x: "from elsewhere" });
      const image = await build("FROM base\nCOPY --from=other /x /x\nRUN --mount=type=bind,from=other,target=/m cat /m/x > /y\n", {
        contexts: { base: "docker-image://busybox", other },
      });
      expect(await contents(image, "cat /x /y")).toBe("from elsewherefrom elsewhere");
    });
  });

  describe("COPY and ADD", () => {
    const files = { "a/b/c.txt": "c", "a/b/d.md": "d", "a/e.txt": "e", "x.txt": "x", "y.md": "y" };
    const list = (image: ImageInspect) => contents(image, "cd /o && find . -type f | sort");

    it.each([
      ["--parents", "COPY --parents a/b/c.txt x.txt /o/", "./a/b/c.txt\n./x.txt\n"],
      ["--parents with a pivot", "COPY --parents a/./b/c.txt /o/", "./b/c.txt\n"],
      ["--parents of a directory", "COPY --parents a/b /o/", "./a/b/c.txt\n./a/b/d.md\n"],
      ["--parents with a glob", "COPY --parents a/*/*.txt /o/", "./a/b/c.txt\n"],
      ["--exclude", "COPY --exclude=**/*.md --exclude=x* . /o/", "./a/b/c.txt\n./a/e.txt\n"],
      ["--exclude of globbed files", "COPY --exclude=*.md * /o/", "./b/c.txt\n./b/d.md\n./e.txt\n./x.txt\n"],
      ["--chmod, symbolic", "COPY --chmod=u=rwx,go= x.txt /o/", "./x.txt\n"],
    ])("%s", async (_, instruction, expected) => {
      expect(await list(await build(`FROM busybox\n${instruction}\n`, { files }))).toBe(expected);
    });

    it("a symbolic --chmod leaves what it does not name", async () => {
      const image = await build("FROM busybox\nCOPY --chmod=a+X,go-r . /o/\n", { files });
      expect(await contents(image, "stat -c '%a %n' /o/a /o/x.txt")).toBe("711 /o/a\n600 /o/x.txt\n");
    });

    it("ADD unpacks archives of the context, whatever they are called, and nothing else", async () => {
      const tar = pack();
      tar.entry({ name: "in/side", mode: 0o640, uid: 5, gid: 6 }, "deep");
      tar.finalize();
      const bytes = await buffer(tar as unknown as AsyncIterable<Uint8Array>);
      const image = await build(
        "FROM busybox\nADD plain /1/\nADD zipped /2\nADD text.gz /3/\nADD --unpack=false plain /4/\nCOPY plain /5/\n",
        {
          files: { plain: bytes, zipped: gzipSync(bytes), "text.gz": gzipSync("no archive") },
        },
      );
      expect(await contents(image, "cat /1/in/side /2/in/side; stat -c '%a %u:%g' /1/in/side; ls /3 /4 /5")).toBe(
        "deepdeep640 5:6\n/3:\ntext.gz\n\n/4:\nplain\n\n/5:\nplain\n",
      );
    });
  });

  describe("RUN", () => {
    it("secrets are seen by the command alone, as a file or a variable, and change no key", async () => {
      const dockerfile =
        "FROM busybox\nRUN --mount=type=secret,id=s,mode=0440,uid=1000 --mount=type=secret,id=e,env=TOKEN stat -c '%a %u' /run/secrets/s > /seen; cat /run/secrets/s >> /seen; echo $TOKEN >> /seen; ls /run >> /seen\nRUN ls /run > /left 2>&1 || true\n";
      const image = await build(dockerfile, { secrets: { s: { value: "hidden\n" }, e: { value: "token" } } });
      expect(await contents(image, "cat /seen; ls /run /run/secrets 2>&1 | head -1")).toBe(
        "440 1000\nhidden\ntoken\nsecrets\nls: /run: No such file or directory\n",
      );
      const again = await build(dockerfile, { secrets: { s: { value: "other" } } });
      expect(again.id).toBe(image.id);
    });

    it("cache mounts last from build to build, by id", async () => {
      const text = (n: number) =>
        `FROM busybox\nRUN --mount=type=cache,target=/cache,id=kept echo ${n} >> /cache/n; cat /cache/n > /seen\n`;
      await build(text(1));
      expect(await contents(await build(text(2)), "cat /seen")).toBe("1\n2\n");
    });

    it("locked cache mounts are used by one step at a time", async () => {
      const step = (name: string) =>
        `FROM busybox AS ${name}\nRUN --mount=type=cache,target=/c,id=lock,sharing=locked [ ! -e /c/busy ] && touch /c/busy && sleep 0.2 && rm /c/busy && touch /${name}\n`;
      const image = await build(`${step("a")}${step("b")}FROM busybox\nCOPY --from=a /a /\nCOPY --from=b /b /\n`, { noCache: true });
      expect(await contents(image, "ls /a /b")).toBe("/a\n/b\n");
    });

    it("--security=insecure must be allowed", async () => {
      const dockerfile = "FROM busybox\nRUN --security=insecure mount -t tmpfs none /tmp && echo fine > /f\n";
      await expect(build(dockerfile)).rejects.toMatchObject({ code: "DOCKERFILE_INVALID", facts: { line: 2 } });
      expect(await contents(await build(dockerfile, { allow: ["security.insecure"] }), "cat /f")).toBe("fine\n");
    });

    it("extra hosts are there for the command alone", async () => {
      const image = await build("FROM busybox\nRUN grep special /etc/hosts > /seen\n", {
        extraHosts: [{ host: "special", address: "10.9.8.7" }],
      });
      expect(await contents(image, "cat /seen; grep -c special /etc/hosts")).toBe("10.9.8.7\tspecial\n0\n");
    });

    it("proxies are passed on, and are no part of the key or the image", async () => {
      const dockerfile = "FROM busybox\nRUN echo $HTTP_PROXY $http_proxy > /seen\n";
      const image = await build(dockerfile, { buildArgs: { HTTP_PROXY: "http://one" } });
      expect(await contents(image, "cat /seen")).toBe("http://one http://one\n");
      expect(JSON.stringify(image.history)).not.toContain("http://one");
      expect((await build(dockerfile, { buildArgs: { HTTP_PROXY: "http://two" } })).id).toBe(image.id);
    });

    it("output is reported as it comes", async () => {
      const said: string[] = [];
      await build("FROM busybox\nRUN echo out; echo err >&2\n", {
        noCache: true,
        progress: (event) => event.type === "output" && said.push(`${event.stream}: ${event.text.trim()}`),
      });
      expect(said.sort()).toEqual(["stderr: err", "stdout: out"]);
    });
  });

  describe("the cache", () => {
    it("knows contents, not times; what comes before a change is kept, what comes after is not", async () => {
      const place = await context({ Dockerfile: "FROM busybox\nRUN true\nCOPY a /a\nRUN cat /a\n", a: "1", b: "1" });
      expect(await stepsRun(place)).toEqual(["RUN true", "COPY a /a", "RUN cat /a"]);
      expect(await stepsRun(place)).toEqual([]);
      await writeFile(path.join(place, "a"), "1");
      await writeFile(path.join(place, "b"), "2");
      expect(await stepsRun(place)).toEqual([]);
      await writeFile(path.join(place, "a"), "2");
      expect(await stepsRun(place)).toEqual(["COPY a /a", "RUN cat /a"]);
    });

    it("an argument counts from its declaration on", async () => {
      const place = await context({ Dockerfile: "FROM busybox\nRUN echo before\nARG v=1\nRUN echo after\n" });
      await stepsRun(place);
      expect(await stepsRun(place, { buildArgs: { v: "2" } })).toEqual(["RUN echo after"]);
      expect(await stepsRun(place, { buildArgs: { v: "2", other: "x" } })).toEqual([]);
    });

    it("can be left out, for all stages or for some", async () => {
      const place = await context({
        Dockerfile: "FROM busybox AS a\nRUN echo a > /a\nFROM busybox AS b\nCOPY --from=a /a /a\nRUN echo b\n",
      });
      await stepsRun(place);
      expect(await stepsRun(place, { noCache: ["b"] })).toEqual(["COPY --from=a /a /a", "RUN echo b"]);
      expect((await stepsRun(place, { noCache: true })).length).toBe(3);
    });

    it("is shared by builds at the same time: the work is done once", async () => {
      const place = await context({ Dockerfile: "FROM busybox\nRUN sleep 0.3; cat /proc/sys/kernel/random/uuid > /id\n" });
      const built = await Promise.all([1, 2, 3].map(() => bench.engine.images.build(place)));
      expect(new Set(built.map(({ image }) => image.id)).size).toBe(1);
    });

    it("is forgotten by prune, which leaves images alone", async () => {
      const place = await context({ Dockerfile: "FROM busybox\nRUN echo pruned > /p\n" });
      const { image } = await bench.engine.images.build(place);
      expect((await bench.engine.images.pruneBuilds()).entries).toBeGreaterThan(0);
      expect(await contents(image, "cat /p")).toBe("pruned\n");
      expect(await stepsRun(place)).toEqual(["RUN echo pruned > /p"]);
    });
  });

  describe("stages", () => {
    it("those that don't need each other are built at once", async () => {
      const stage = (name: string) => `FROM busybox AS ${name}\nRUN sleep 0.5 && cut -d. -f1,2 /proc/uptime | cut -d' ' -f1 > /${name}\n`;
      const image = await build(
        `${stage("a")}${stage("b")}${stage("c")}FROM busybox\nCOPY --from=a /a /\nCOPY --from=b /b /\nCOPY --from=c /c /\n`,
        { noCache: true },
      );
      const ends = (await contents(image, "cat /a /b /c")).trim().split("\n").map(Number);
      expect(Math.max(...ends) - Math.min(...ends)).toBeLessThan(0.45);
    });
  });

  describe("failures say where, and leave no image", () => {
    it.each([
      ["an unknown instruction", "FROM busybox\nRUNN x", "DOCKERFILE_INVALID", "Dockerfile:2:1: unknown instruction: RUNN"],
      ["an unknown flag", "FROM busybox\nCOPY --chwon=x a b", "DOCKERFILE_INVALID", "Did you mean --chown?"],
      ["a missing argument", "FROM busybox\nCOPY a", "DOCKERFILE_INVALID", "at least two arguments"],
      ["an unknown stage", "FROM busybox\nCOPY --from=5 a b", "DOCKERFILE_INVALID", "Dockerfile:2: invalid stage index 5"],
      [
        "a stage that comes later",
        "FROM busybox AS one\nCOPY --from=later a b\nFROM busybox AS later\nFROM one",
        "DOCKERFILE_INVALID",
        "needs to be defined before",
      ],
      ["a stage that copies from itself", "FROM busybox AS me\nCOPY --from=me a b", "DOCKERFILE_INVALID", "circular dependency"],
      ["a missing file", "FROM busybox\n\nCOPY nothing /x", "BUILD_FAILED", 'Dockerfile:3: COPY failed: "/nothing": not found'],
      [
        "a missing file of a stage",
        "FROM busybox AS a\nFROM busybox\nCOPY --from=a /nothing /x",
        "BUILD_FAILED",
        "Dockerfile:3: COPY failed",
      ],
      ["broken JSON", 'FROM busybox\nSHELL ["a"', "DOCKERFILE_INVALID", "JSON form"],
      ["an unterminated heredoc", "FROM busybox\nRUN <<EOF\ntrue", "DOCKERFILE_INVALID", "unterminated heredoc: EOF"],
      ["a required secret", "FROM busybox\nRUN --mount=type=secret,id=s,required=true true", "BUILD_FAILED", "secret s: not found"],
      [
        "a command that fails",
        "FROM busybox\nRUN echo said so; exit 3",
        "BUILD_FAILED",
        "Dockerfile:2: RUN failed: exit code 3\n2 | RUN echo said so; exit 3\nsaid so",
      ],
      ["a command that is killed", "FROM busybox\nRUN sleep 9 & kill -9 $!; wait $!", "BUILD_FAILED", "RUN failed: exit code 137"],
      ["a command that is not there", 'FROM busybox\nRUN ["nothing"]', "BUILD_FAILED", "nothing: command not found"],
      ["a shell that is not there", "FROM scratch\nRUN true", "BUILD_FAILED", "/bin/sh: command not found"],
      ["a user that is not there", "FROM busybox\nUSER nobody2\nRUN true", "BUILD_FAILED", "/etc/passwd"],
      ["an owner that is not there", "FROM busybox\nCOPY --chown=nobody2 Dockerfile /x", "BUILD_FAILED", "/etc/passwd"],
      ["a base image that is not there", "FROM busybox:none", "REGISTRY_UNREACHABLE", "Dockerfile:1: "],
      ["an invalid base image", "FROM busybox:a:b", "IMAGE_REFERENCE_INVALID", "Dockerfile:1: "],
      ["an unknown variable that is required", 'FROM busybox\nENV a="${b:?give b}"', "DOCKERFILE_INVALID", "Dockerfile:2: b: give b"],
      ["a bad substitution", "FROM busybox\nENV a=${b", "DOCKERFILE_INVALID", "missing '}'"],
      ["several files to one name", "FROM busybox\nCOPY a b /c", "DOCKERFILE_INVALID", "must be a directory and end with a /"],
      ["a directory over a file", "FROM busybox\nCOPY . /etc/passwd", "BUILD_FAILED", "cannot copy to non-directory: /etc/passwd"],
      ["a bad mode", "FROM busybox\nCOPY --chmod=9 a /c", "DOCKERFILE_INVALID", "invalid chmod parameter: 9"],
      ["a bad mount", "FROM busybox\nRUN --mount=type=bond,target=/x true", "DOCKERFILE_INVALID", 'unsupported mount type "bond"'],
      ["a bad port", "FROM busybox\nEXPOSE 80x", "DOCKERFILE_INVALID", "invalid containerPort: 80x"],
      ["a bad signal", "FROM busybox\nSTOPSIGNAL SIGNOTHING", "DOCKERFILE_INVALID", "invalid signal"],
    ])("%s", async (_, dockerfile, code, message) => {
      const found = await failure(dockerfile, { files: { Dockerfile: "", a: "1", b: "2" } });
      expect(found.message).toContain(message);
      expect(found.code).toBe(code);
    });

    it("an ignored file, and why it is not found", async () => {
      expect((await failure("FROM busybox\nCOPY a /x", { files: { a: "1", ".dockerignore": "a" } })).message).toContain(
        "the ignore file excludes it",
      );
    });

    it("links do not lead out of the context", async () => {
      const place = await context({ Dockerfile: "FROM busybox\nCOPY link/passwd /x\n" });
      await symlink("/etc", path.join(place, "link"));
      await expect(bench.engine.images.build(place)).rejects.toMatchObject({ code: "BUILD_FAILED" });
    });

    it("an unknown target, with those that there are", async () => {
      expect((await failure("FROM busybox AS one\nFROM busybox AS two", { target: "thre" })).message).toContain("Allowed: one, two");
    });

    it("a command for a platform that this host does not run", async () => {
      const found = await failure("FROM scratch\nCOPY Dockerfile /\nRUN true", { platform: "linux/s390x", files: { Dockerfile: "" } });
      expect(found.code).toBe("UNSUPPORTED");
      expect(found.message).toContain("Dockerfile:3: RUN needs a host that runs linux/s390x");
    });

    it("options that there are not", async () => {
      expect((await failure("FROM busybox", { buildArg: {} } as BuildOptions)).message).toContain("buildArg");
    });

    it("a Dockerfile or a context that is not there", async () => {
      await expect(bench.engine.images.build(await context({}))).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
      await expect(bench.engine.images.build("/no/such/context")).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
    });

    it("one stage's failure stops the others", async () => {
      const begun = performance.now();
      await failure(
        "FROM busybox AS slow\nRUN sleep 20\nFROM busybox AS broken\nRUN exit 1\nFROM busybox\nCOPY --from=slow /a /\nCOPY --from=broken /b /\n",
      );
      expect(performance.now() - begun).toBeLessThan(10_000);
    });

    it("an abort ends the command that runs", async () => {
      const abort = new AbortController();
      const building = build("FROM busybox\nRUN echo begun; sleep 20\n", {
        signal: abort.signal,
        progress: (event) => event.type === "output" && abort.abort(),
      });
      await expect(building).rejects.toMatchObject({ code: "ABORTED" });
    });
  });
});
