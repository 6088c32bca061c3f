import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildEvent, BuildOptions, BuildWarning } from "../../src/engine/engine.js";
import { git, gitHttpBackend } from "../fixtures/git-server.js";
import { startWebServer } from "../fixtures/web-server.js";
import { needsBuildkit } from "./build-bench.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

const rules = (warnings: readonly BuildWarning[]) => warnings.map(({ line, rule }) => `${line} ${rule}`);

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);
  let directory: string;
  let count = 0;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-checks-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function context(dockerfile: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    const place = path.join(directory, String(++count));
    await mkdir(place);
    for (const [name, content] of Object.entries({ ...files, Dockerfile: dockerfile })) await writeFile(path.join(place, name), content);
    return place;
  }

  function watched(options: BuildOptions = {}): { readonly options: BuildOptions; readonly events: BuildEvent[] } {
    const events: BuildEvent[] = [];
    return { events, options: { ...options, progress: (event) => events.push(event) } };
  }

  describe("builds", () => {
    needsBuildkit(bench);

    it("tell what is to be said of the stages that they need, and of how the whole file is written", async () => {
      const unneeded = "FROM busybox AS Unneeded\nENV a b\n";
      const { events, options } = watched();
      const place = await context(`${unneeded}FROM busybox AS base\nONBUILD ENV a b\nFROM base\nRUN true\nLABEL a=$none b=$PATH\n`);
      const { warnings } = await bench.engine.images.build(place, options);
      expect(rules(warnings)).toEqual(["1 StageNameCasing", "5 LegacyKeyValueFormat", "7 UndefinedVar"]);
      expect(events.flatMap((event) => (event.type === "warning" ? [event.warning] : []))).toEqual(warnings);
      expect(warnings[2]).toEqual({
        rule: "UndefinedVar",
        message: "Usage of undefined variable '$none'",
        description: "Variables should be defined before their use",
        url: "https://docs.docker.com/go/dockerfile/rule/undefined-var/",
        file: "Dockerfile",
        line: 7,
        endLine: 7,
        excerpt: { firstLine: 5, lines: ["FROM base", "RUN true", "LABEL a=$none b=$PATH"] },
      });
    });

    it("look at the triggers, variables and shell of the image", async () => {
      const trigger = 'ENV SEEN=1\nONBUILD CMD x\nSHELL ["sh", "-c"]\nONBUILD COPY $none /x/\n';
      const { image } = await bench.engine.images.build(await context(`FROM busybox\n${trigger}`));
      const place = await context(`FROM ${image.id}\nLABEL a=$SEEN b=$SEEM\nENTRYPOINT x\n`);
      const { warnings } = await bench.engine.images.build(place);
      expect(rules(warnings)).toEqual(["1 UndefinedVar", "2 UndefinedVar"]);
      expect(warnings[1]?.message).toBe("Usage of undefined variable '$SEEM' (did you mean $SEEN?)");
    });

    it("with error=true don't begin where something is found", async () => {
      const { events, options } = watched();
      const place = await context("# check=error=true\nFROM busybox as x\nRUN true\nENV a b\nENV c d\n");
      const error = await bench.engine.images.build(place, options).catch((failure: unknown) => failure);
      expect(error).toMatchObject({
        code: "BUILD_CHECKS_FAILED",
        summary: "Dockerfile: lint violation found for rules: FromAsCasing, LegacyKeyValueFormat",
        facts: { file: "Dockerfile", rules: ["FromAsCasing", "LegacyKeyValueFormat"] },
      });
      expect(events.filter(({ type }) => type === "warning")).toHaveLength(3);
      expect(events.filter((event) => event.type === "step" && event.name.includes("RUN"))).toEqual([]);
      expect(
        rules((await bench.engine.images.build(place, { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: "skip=FromAsCasing" } })).warnings),
      ).toEqual(["4 LegacyKeyValueFormat", "5 LegacyKeyValueFormat"]);
    });

    it("tell what stands before a mistake", async () => {
      const { events, options } = watched();
      await expect(bench.engine.images.build(await context("FROM busybox as x\nBAD\n"), options)).rejects.toMatchObject({
        code: "DOCKERFILE_INVALID",
        facts: { line: 2 },
      });
      expect(events.map((event) => event.type === "warning" && event.warning.rule)).toEqual(["FromAsCasing"]);
    });

    it("refuse options that are none", async () => {
      await expect(bench.engine.images.build(await context("# check=skips=A\nFROM busybox\n"))).rejects.toMatchObject({
        code: "DOCKERFILE_INVALID",
        facts: { line: 1 },
      });
      const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: "error" };
      await expect(bench.engine.images.build(await context("FROM busybox\n"), { buildArgs })).rejects.toMatchObject({
        code: "OPTION_INVALID",
      });
    });
  });

  describe("checks", () => {
    it("look at every stage, and run nothing", async () => {
      const { events, options } = watched({ tags: ["never:1"] });
      const place = await context("FROM busybox AS a\nRUN exit 1\nENV a b\nFROM busybox\nCOPY missing /\nENV a b\n");
      const { warnings, error } = await bench.engine.images.checkBuild(place, options);
      expect(rules(warnings)).toEqual(["3 LegacyKeyValueFormat", "6 LegacyKeyValueFormat"]);
      expect(error).toBeUndefined();
      expect(events.map(({ type }) => type)).toEqual(["warning", "warning"]);
      await expect(bench.engine.images.inspect("never:1")).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
      expect(rules((await bench.engine.images.checkBuild(place, { target: "a" })).warnings)).toEqual(["3 LegacyKeyValueFormat"]);
    });

    it("know the ignore file, and contexts by name", async () => {
      const dockerfile = "# check=experimental=CopyIgnoredFile\nFROM given\nCOPY --from=other f /\nCOPY f /\nLABEL a=$PATH\n";
      const place = await context(dockerfile, { ".dockerignore": "f", f: "1" });
      const contexts = { given: "docker-image://busybox", other: place };
      const { warnings } = await bench.engine.images.checkBuild(place, { contexts });
      expect(warnings.map(({ message }) => message)).toEqual(['Attempting to Copy file "f" that is excluded by .dockerignore']);
    });

    it("know the variables of the image that is here, and those of platforms", async () => {
      const { image } = await bench.engine.images.build(await context("FROM busybox\nENV SEEN=1\n"));
      const place = await context(`FROM ${image.id}\nARG TARGETARCH\nLABEL a=$SEEN b=$TARGETARCH c=$SEEM\n`);
      const { warnings, error } = await bench.engine.images.checkBuild(place);
      expect(warnings.map(({ message }) => message)).toEqual(["Usage of undefined variable '$SEEM' (did you mean $SEEN?)"]);
      expect(error).toBeUndefined();
    });

    it("know the triggers and the shell of the image that is here", async () => {
      const dockerfile = 'FROM busybox\nONBUILD ENV SEEN 1\nSHELL ["sh", "-c"]\nONBUILD LABEL a=$none\n';
      const { image } = await bench.engine.images.build(await context(dockerfile));
      const { warnings } = await bench.engine.images.checkBuild(await context(`FROM ${image.id}\nENTRYPOINT x $SEEN\n`));
      expect(rules(warnings)).toEqual(["1 LegacyKeyValueFormat", "1 UndefinedVar"]);
    });

    it("take a tar, compressed or not, with links in it", async () => {
      const tar = pack();
      tar.entry({ name: "./docker/Real" }, "# check=experimental=CopyIgnoredFile\nFROM busybox\nCOPY f .\nENV a b\n");
      tar.entry({ name: "linked", type: "symlink", linkname: "docker" });
      tar.entry({ name: "Dockerfile", type: "symlink", linkname: "linked/../docker/Real" });
      tar.entry({ name: ".dockerignore" }, "f\n");
      tar.entry({ name: "Named.dockerignore" }, "g\n");
      tar.entry({ name: "Named", type: "link", linkname: "docker/Real" });
      tar.finalize();
      const bytes = await buffer(tar as unknown as AsyncIterable<Uint8Array>);
      for (const archive of [bytes, gzipSync(bytes)]) {
        const check = async (options: BuildOptions) =>
          rules((await bench.engine.images.checkBuild({ tar: chunks(archive) }, options)).warnings);
        expect(await check({})).toEqual(["3 CopyIgnoredFile", "4 LegacyKeyValueFormat"]);
        expect(await check({ dockerfile: "Named" })).toEqual(["4 LegacyKeyValueFormat"]);
        expect(await check({ dockerfileText: "FROM busybox\nENV c d\n" })).toEqual(["2 LegacyKeyValueFormat"]);
      }
      await expect(bench.engine.images.checkBuild({ tar: chunks(bytes) }, { dockerfile: "none" })).rejects.toMatchObject({
        code: "PATH_NOT_FOUND",
      });
      await expect(bench.engine.images.checkBuild({ tar: chunks(gzipSync(bytes).subarray(0, 40)) })).rejects.toMatchObject({
        code: "LAYER_INVALID",
      });
      await expect(bench.engine.images.checkBuild({ tar: chunks(Buffer.alloc(1024, "no tar")) })).rejects.toMatchObject({
        code: "LAYER_INVALID",
      });
    });

    it("fetch contexts that are somewhere else", async () => {
      const base = path.join(directory, "repositories");
      const repository = path.join(base, "one.git");
      await mkdir(path.join(repository, "sub"), { recursive: true });
      await git(repository, "init", "-q");
      await writeFile(path.join(repository, "sub/Dockerfile"), "# check=experimental=CopyIgnoredFile\nFROM busybox\nADD f .\n");
      await writeFile(path.join(repository, "sub/.dockerignore"), "f\n");
      await git(repository, "add", ".");
      await git(repository, "commit", "-qm", "first");
      await using web = await startWebServer(gitHttpBackend(base));
      const tar = pack();
      tar.entry({ name: "Dockerfile" }, "FROM busybox\nENV a b\n");
      tar.finalize();
      web.files.set("/c.tgz", { content: gzipSync(await buffer(tar as unknown as AsyncIterable<Uint8Array>)) });
      web.files.set("/file", { content: "FROM busybox\nMAINTAINER me\n", authorization: "Bearer t0ken" });
      const secrets = { [`HTTP_AUTH_TOKEN_${web.host}`]: { value: "t0ken" } };
      const check = async (place: string, options: BuildOptions = {}) =>
        rules((await bench.engine.images.checkBuild(place, options)).warnings);
      expect(await check(`${web.url}/one.git#:sub`)).toEqual(["3 CopyIgnoredFile"]);
      expect(await check(`${web.url}/c.tgz`)).toEqual(["2 LegacyKeyValueFormat"]);
      expect(await check(`${web.url}/file`, { secrets })).toEqual(["2 MaintainerDeprecated"]);
      for (const [place, message] of [
        ["/one.git#none", "has no branch, tag or ref none"],
        ["/none", "/none answers 404"],
        ["/file", "/file answers 401"],
      ])
        await expect(bench.engine.images.checkBuild(web.url + place)).rejects.toMatchObject({
          code: "PATH_NOT_FOUND",
          message: expect.stringContaining(message!),
        });
    });

    it.each([
      ["a mistake", "FROM busybox\nBAD\n", "DOCKERFILE_INVALID"],
      ["a word that can't be expanded", "FROM busybox\nENV a=${b\n", "DOCKERFILE_INVALID"],
      ["an argument of the whole file that can't be expanded", "ARG a=${b\nFROM busybox\n", "DOCKERFILE_INVALID"],
      ["a stage that isn't there", "FROM busybox\nCOPY --from=3 a /\n", "DOCKERFILE_INVALID"],
      ["an image's name that is none", "FROM Busybox\n", "IMAGE_REFERENCE_INVALID"],
      ["warnings that are errors", "# check=error=true\nFROM busybox\nENV a b\n", "BUILD_CHECKS_FAILED"],
    ])("return %s", async (_name, dockerfile, code) => {
      expect((await bench.engine.images.checkBuild(await context(dockerfile))).error).toMatchObject({ code });
    });

    it("throw what is not about the Dockerfile", async () => {
      await expect(bench.engine.images.checkBuild("/no/such/context")).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
      const place = await context("FROM busybox\n");
      await expect(bench.engine.images.checkBuild(place, { check: 1 } as BuildOptions)).rejects.toMatchObject({ code: "OPTION_INVALID" });
      await expect(bench.engine.images.checkBuild(place, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    });
  });
});
