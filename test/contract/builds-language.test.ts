/** What the language has that Docker's own builder of today's Debian lacks, or that can't be compared file by file. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { needsBuildkit, useBuilds } from "./build-bench.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);
  const { context, build, contents, failure } = useBuilds(bench);
  needsBuildkit(bench);

  describe("COPY --parents", () => {
    const files = {
      "src/a/x.txt": "1",
      "src/a/b/y.txt": "2",
      "src/a/b/z.md": "3",
      "src/x.txt": "4",
      "top.txt": "5",
      "src/c/d/e/x.txt": "6",
    };

    it.each([
      ["a file", "src/a/x.txt", "./src/a/x.txt\n"],
      [
        "a directory keeps its name, also at the top",
        "src",
        "./src/a/b/y.txt\n./src/a/b/z.md\n./src/a/x.txt\n./src/c/d/e/x.txt\n./src/x.txt\n",
      ],
      ["a pattern with two stars, at any depth", "src/**/x.txt", "./src/a/x.txt\n./src/c/d/e/x.txt\n./src/x.txt\n"],
      ["two stars at the beginning", "**/*.md", "./src/a/b/z.md\n"],
      ["one star, at one depth", "src/*/x.txt", "./src/a/x.txt\n"],
      ["a pattern that matches directories", "src/?", "./src/a/b/y.txt\n./src/a/b/z.md\n./src/a/x.txt\n./src/c/d/e/x.txt\n"],
      ["a pivot", "src/./a/b/y.txt", "./a/b/y.txt\n"],
      ["a pivot and two stars", "src/./**/x.txt", "./a/x.txt\n./c/d/e/x.txt\n./x.txt\n"],
      ["a pattern before the pivot", "src/*/./b", "./b/y.txt\n./b/z.md\n"],
      ["a pattern that matches nothing", "none/** top.txt", "./top.txt\n"],
      ["no way out of the context", "../../top.txt", "./top.txt\n"],
    ])("%s", async (_, sources, expected) => {
      const image = await build(`FROM busybox\nRUN mkdir /o\nCOPY --parents ${sources} /o/\n`, { files });
      expect(await contents(image, "cd /o && find . -type f | sort")).toBe(expected);
    });

    it("works on stages, and keeps the directories' modes and owners", async () => {
      const image = await build(
        "FROM busybox AS s\nRUN mkdir -p /a/b && echo x > /a/b/f && chmod 711 /a && chown 3:4 /a/b\nFROM busybox\nCOPY --from=s --parents /a/**/f /o/\nCOPY --from=s --parents a/b/f /p/\n",
      );
      expect(await contents(image, "cat /o/a/b/f; stat -c '%a %u:%g' /o/a /o/a/b /p/a")).toBe("x\n711 0:0\n755 3:4\n711 0:0\n");
    });

    it("misses what is not there", async () => {
      expect((await failure("FROM busybox\nCOPY --parents src/none /o/\n", { files })).message).toContain('"/src/none": not found');
    });
  });

  describe("COPY --exclude", () => {
    it.each([
      ["names at the top", "--exclude=*.md", "./a.txt\n./d/b.md\n./d/e/c.txt\n"],
      ["names at any depth", "--exclude=**/*.md", "./a.txt\n./d/e/c.txt\n"],
      ["directories", "--exclude=d", "./a.txt\n./z.md\n"],
      ["several, with variables", "--exclude=$x --exclude=d/e", "./d/b.md\n./z.md\n"],
      ["all but some", "--exclude=** --exclude=!a.txt", "./a.txt\n"],
    ])("%s", async (_, flags, expected) => {
      const files = { "a.txt": "1", "z.md": "2", "d/b.md": "3", "d/e/c.txt": "4" };
      const image = await build(`FROM busybox\nENV x=a.txt\nCOPY ${flags} . /o/\n`, { files });
      expect(await contents(image, "cd /o && find . -type f | sort")).toBe(expected);
    });

    it("refuses a pattern that is none", async () => {
      expect((await failure("FROM busybox\nCOPY --exclude=[a . /o/", { files: { a: "1" } })).message).toMatch(
        /^Dockerfile:2: COPY failed: .*a pattern/,
      );
    });
  });

  it("COPY takes patterns that match nothing, and makes nothing of them", async () => {
    const image = await build("FROM busybox\nCOPY none* /x/\nCOPY a none* /y/\n", { files: { a: "1" } });
    expect(await contents(image, "ls -d /x /y 2>&1; ls /y")).toBe("ls: /x: No such file or directory\n/y\na\n");
  });

  it.each([
    ["--chmod", "u=rwX,g=rX,o=", "750 /o/d\n640 /o/d/f\n750 /o/d/x\n"],
    ["--chmod adds and takes away", "a+r,g-w,o-x", "754 /o/d\n644 /o/d/f\n754 /o/d/x\n"],
    ["--chmod, sticky and set-id", "u+s,g+s,o+t", "7775 /o/d\n7640 /o/d/f\n7751 /o/d/x\n"],
    ["--chmod by another's bits", "o=g,g=u", "777 /o/d\n664 /o/d/f\n775 /o/d/x\n"],
    ["--chmod, octal", "0604", "604 /o/d\n604 /o/d/f\n604 /o/d/x\n"],
  ])("%s: %s", async (_, mode, expected) => {
    const stage = "FROM busybox AS s\nRUN mkdir -p /s/d && cd /s/d && touch f x && chmod 775 . && chmod 640 f && chmod 751 x\n";
    const image = await build(`${stage}FROM busybox\nCOPY --from=s --chmod=${mode} /s /o\n`);
    expect(await contents(image, "stat -c '%a %n' /o/d /o/d/f /o/d/x")).toBe(expected);
  });

  describe("RUN --network", () => {
    it("is the instruction's own, before the build's", async () => {
      const dockerfile =
        "FROM busybox\nRUN --network=none ls /sys/class/net > /none\nRUN --network=host ls /sys/class/net > /host\nRUN --network=default ls /sys/class/net > /default\n";
      const host = await contents(await build(dockerfile), "cat /none; cmp /host /default && echo same; wc -l < /host");
      expect(host).toMatch(/^lo\nsame\n\d+\n$/);
      const none = await contents(await build(dockerfile, { network: "none" }), "cat /none /default; cmp /none /host || echo other");
      expect(none).toMatch(/^lo\nlo\n/);
    });

    it("host needs no permission here, and asking for it does no harm", async () => {
      await build("FROM busybox\nRUN --network=host true\n", { allow: ["network.host"] });
    });
  });

  it("RUN --security=sandbox is the default, and insecure gives everything", async () => {
    const show = "grep CapEff /proc/self/status | cut -f2";
    const image = await build(
      `FROM busybox\nRUN --security=sandbox ${show} > /a\nRUN ${show} > /b\nRUN --security=insecure ${show} > /c\n`,
      {
        allow: ["security.insecure"],
      },
    );
    const [sandbox, usual, insecure] = (await contents(image, "cat /a /b /c")).trim().split("\n");
    expect(usual).toBe(sandbox);
    expect(BigInt(`0x${insecure}`) & ~BigInt(`0x${sandbox}`)).not.toBe(0n);
  });

  describe("ONBUILD", () => {
    it("copies from stages of the file that builds upon it", async () => {
      await build(
        "FROM busybox\nONBUILD COPY --from=files /f /copied\nONBUILD RUN --mount=from=files,source=/f,target=/m cat /m > /mounted\n",
        {
          tags: ["onbuild/from:1"],
        },
      );
      const image = await build("FROM busybox AS files\nRUN echo of the other file > /f\nFROM onbuild/from:1\n");
      expect(await contents(image, "cat /copied /mounted")).toBe("of the other file\nof the other file\n");
    });

    it("runs once: what is built upon that has no triggers left", async () => {
      await build("FROM busybox\nONBUILD RUN echo triggered >> /t\nONBUILD COPY <<E /h\n$PATH\nE\n", { tags: ["onbuild/once:1"] });
      const first = await build("FROM onbuild/once:1\n", { tags: ["onbuild/second:1"] });
      expect(first.config.onBuild).toEqual([]);
      expect(await contents(await build("FROM onbuild/second:1\nRUN echo own >> /t\n"), "cat /t /h")).toBe("triggered\nown\n/bin\n");
    });

    it("that fails is told by the FROM that brought it", async () => {
      await build("FROM busybox\nONBUILD COPY missing /m\n", { tags: ["onbuild/fails:1"] });
      const found = await failure("FROM busybox AS a\n\nFROM onbuild/fails:1\n");
      expect(found.message).toContain('Dockerfile:3: COPY failed: "/missing": not found\n3 | COPY missing /m');
    });

    it("from a stage that is not there is told as well", async () => {
      await build("FROM busybox\nONBUILD COPY --from=7 /f /m\n", { tags: ["onbuild/stage:1"] });
      expect((await failure("FROM onbuild/stage:1\n")).message).toContain("Dockerfile:1: invalid stage index 7");
    });
  });

  describe("platforms", () => {
    it("another one than the host's can be built as long as nothing must run", async () => {
      const dockerfile =
        "FROM scratch AS a\nARG TARGETPLATFORM TARGETARCH BUILDPLATFORM\nENV p=$TARGETPLATFORM a=$TARGETARCH b=$BUILDPLATFORM\nCOPY f /\nWORKDIR /w\n";
      const image = await build(dockerfile, { platform: "linux/arm/v7", files: { f: "1" }, tags: ["foreign:1"] });
      const host = (await bench.engine.info()).platform;
      expect(image.platform).toBe("linux/arm/v7");
      expect(image.config.env).toEqual(expect.arrayContaining(["p=linux/arm/v7", "a=arm", `b=${host}`]));
      // A base of that platform keeps it, whatever the build is for.
      const upon = await build("FROM --platform=linux/arm/v7 foreign:1\nENV c=d\n");
      expect(upon.platform).toBe("linux/arm/v7");
      const found = await failure("FROM --platform=linux/arm/v7 foreign:1\nENV c=d\nRUN true\n");
      expect(found).toMatchObject({ code: "UNSUPPORTED", facts: { feature: "RUN for linux/arm/v7" } });
      expect(found.message).toMatch(
        /^Dockerfile:3: RUN needs a host that runs linux\/arm\/v7, and this one runs .*\n3 \| RUN true\nRemedy: /,
      );
    });

    it("files for one can be made on another", async () => {
      const image = await build(
        "FROM --platform=$BUILDPLATFORM busybox AS make\nRUN echo made > /f\nFROM scratch\nCOPY --from=make /f /\n",
        {
          platform: "linux/s390x",
        },
      );
      expect(image.platform).toBe("linux/s390x");
    });
  });

  it("variables are expanded wherever they may be, with the values from before the instruction", async () => {
    const dockerfile = `ARG base=busybox
ARG stage=one
FROM \${base} AS one
FROM $stage
ENV n=1 dir=/d user=app port=8080 sig=SIGINT
LABEL l=$n "q $n"='$n' m="\${n:-x}\${none:-y}"
EXPOSE $port \${port%80}90/udp
STOPSIGNAL $sig
VOLUME $dir/v "/\${n}"
WORKDIR $dir/\${user#a}
COPY --chown=$user:\${user} --chmod=\${n:+640} f\${n} $dir/\${user/p/P}
ADD f$n \${dir}/added
ENV n=2 was=$n
USER $user
RUN --mount=type=tmpfs,target=$dir/t,size=64k echo '$n' $n > /tmp/run
ONBUILD ENV x=$n
HEALTHCHECK CMD echo $n
CMD echo $n
`;
    const image = await build(dockerfile, { files: { f1: "content" } });
    expect(image.config).toMatchObject({
      labels: { l: "1", "q 1": "$n", m: "1y" },
      exposedPorts: ["8080/tcp", "8090/udp"],
      stopSignal: "SIGINT",
      workingDir: "/d/pp",
      user: "app",
      command: ["/bin/sh", "-c", "echo $n"],
      onBuild: ["ENV x=$n"],
    });
    expect([...image.config.volumes].sort()).toEqual(["/1", "/d/v"]);
    expect(image.config.env).toEqual(expect.arrayContaining(["n=2", "was=1"]));
    expect(await contents(image, "stat -c '%a %U' /d/aPp; cat /d/added /tmp/run")).toBe("640 app\ncontent$n 2\n");
  });

  describe("places of errors", () => {
    it.each([
      ["the line where the instruction begins", "FROM busybox\n\n# comment\nRUN true \\\n && exit 3\n", "Dockerfile:4: "],
      ["after a here-document", "FROM busybox\nRUN <<E\ntrue\nE\nRUN exit 3\n", "Dockerfile:5: "],
      ["a flag's column", "FROM busybox\nCOPY --from=x --bogus a b\n", "Dockerfile:2:15: "],
      ["an instruction's column", "FROM busybox\n  RUNN x\n", "Dockerfile:2:"],
      ["a word that can't be expanded", "FROM busybox\nENV a=1\nLABEL x=${a\n", "Dockerfile:3: "],
      ["FROM", "FROM busybox\nFROM $nothing\n", "Dockerfile:2: "],
    ])("%s", async (_, dockerfile, place) => {
      expect((await failure(dockerfile)).message.startsWith(place)).toBe(true);
    });

    it("have the name of the file", async () => {
      const place = await context({ "sub/other.Dockerfile": "FROM busybox\nRUN exit 4\n" });
      await expect(bench.engine.images.build(place, { dockerfile: "sub/other.Dockerfile" })).rejects.toMatchObject({
        message: expect.stringMatching(/^sub\/other\.Dockerfile:2: RUN failed: exit code 4\n/),
        facts: { file: "sub/other.Dockerfile", line: 2 },
      });
    });
  });

  describe("links do not lead out of the context", () => {
    it.each([
      ["a link to a file outside", "COPY link /x", (place: string) => symlink("/etc/passwd", path.join(place, "link"))],
      ["a link to a directory outside", "COPY link/passwd /x", (place: string) => symlink("/etc", path.join(place, "link"))],
      ["a link upwards", "COPY link/etc/passwd /x", (place: string) => symlink("../../../../..", path.join(place, "link"))],
      ["a pattern below a link", "COPY link/pass* /x/", (place: string) => symlink("/etc", path.join(place, "link"))],
      [
        "a link in the middle",
        "COPY d/link/passwd /x",
        (place: string) => mkdir(path.join(place, "d")).then(() => symlink("/etc", path.join(place, "d/link"))),
      ],
      ["a way upwards", "COPY ../../../../etc/passwd /x", () => Promise.resolve()],
    ])("%s", async (_, instruction, prepare) => {
      const place = await context({
        Dockerfile: `FROM busybox\nRUN rm /etc/passwd\n${instruction}\nRUN [ ! -e /x ] || ! grep -r root /x\n`,
      });
      await prepare(place);
      const built = await bench.engine.images.build(place).catch((error: unknown) => error);
      // Nothing, or an error: never the host's file.
      if (built instanceof Error)
        expect(built).toMatchObject({ code: "BUILD_FAILED", message: expect.stringMatching(/^Dockerfile:3: COPY failed: .*not found/) });
    });

    it("in a directory they are copied as links", async () => {
      const place = await context({ Dockerfile: "FROM busybox\nCOPY d /x/\n" });
      await mkdir(path.join(place, "d"));
      await symlink("/etc/hostname", path.join(place, "d/link"));
      await writeFile(path.join(place, "d/f"), "1");
      const { image } = await bench.engine.images.build(place);
      expect(await contents(image, "readlink /x/link")).toBe("/etc/hostname\n");
    });
  });
});
