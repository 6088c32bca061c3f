/** Builds by the SDK: `Container.fromDockerfile()` and `Image.build()`. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { afterAll, beforeAll, expect, expectTypeOf, it } from "vitest";
import type { BuildEvent, Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { Container, type DockerfileBuilder, Image, isCaissonError, PullPolicy, Wait } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";

let scratch: string;
let engine: Engine;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-sdk-builds-"));
  engine = await openEngine({ home: path.join(scratch, "home") });
  await ensureBusyboxImage(engine);
});
afterAll(async () => {
  await engine?.close();
  await rm(scratch, { recursive: true, force: true });
});

async function context(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const place = path.join(scratch, name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(place, file)), { recursive: true });
    await writeFile(path.join(place, file), content);
  }
  return place;
}

const SERVICE = `FROM busybox AS base
ARG greeting=hello
RUN echo "$greeting from the build" > /index.html
FROM base AS service
EXPOSE 8080
ENV FROM_IMAGE=1
HEALTHCHECK --interval=100ms CMD wget -q -O - localhost:8080
CMD ["httpd", "-f", "-p", "8080", "-h", "/"]
FROM base AS broken
RUN exit 1
`;

it("a container of what was built starts with the image's settings and those of the container", async () => {
  const place = await context("service", { Dockerfile: SERVICE });
  const container = await Container.fromDockerfile(place, undefined, { engine })
    .withBuildArgs({ greeting: "good day" })
    .withTarget("service")
    .withLabels({ "build.label": "1" })
    .withPullPolicy(PullPolicy.defaultPolicy())
    .withNetworkMode("none")
    .build("sdk/service:1");
  expectTypeOf(container).toEqualTypeOf<Container>();
  await using started = await container
    .withEnvironment({ FROM_CONTAINER: "2" })
    .withLabels({ "container.label": "3" })
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  const response = await fetch(`http://${started.getHost()}:${started.getMappedPort(8080)}/`);
  expect(await response.text()).toBe("good day from the build\n");
  expect((await started.exec("sh -c 'echo $FROM_IMAGE $FROM_CONTAINER'")).stdout).toBe("1 2\n");
  const { labels } = await engine.images.inspect("sdk/service:1");
  expect(labels).toEqual({ "build.label": "1" });
});

it("the Dockerfile may have another name, or be given as text", async () => {
  const place = await context("named", { "docker/my.Dockerfile": "FROM busybox\nCOPY f /f\n", f: "copied\n" });
  const read = async (container: Container) => {
    await using started = await container.withCommand(["sleep", "60"]).withWaitStrategy(Wait.forSuccessfulCommand("true")).start();
    return (await started.exec(["cat", "/f"])).stdout;
  };
  expect(await read(await Container.fromDockerfile(place, "docker/my.Dockerfile", { engine }).build())).toBe("copied\n");
  expect(await read(await Container.fromDockerfile(place, { text: "FROM busybox\nRUN echo text > /f\n" }, { engine }).build())).toBe(
    "text\n",
  );
  const tar = pack();
  tar.entry({ name: "Dockerfile" }, "FROM busybox\nRUN echo tar > /f\n");
  tar.finalize();
  expect(await read(await Container.fromDockerfile({ tar: Readable.from(tar) }, undefined, { engine }).build())).toBe("tar\n");
});

it("progress and log callbacks are all told, and the cache can be left out", async () => {
  const place = await context("told", { Dockerfile: "FROM busybox\nRUN echo one; echo two; echo three >&2\n" });
  const events: BuildEvent[] = [];
  const lines: string[] = [];
  const builder: DockerfileBuilder<Container> = Container.fromDockerfile(place, undefined, { engine })
    .withProgress((event) => events.push(event))
    .withBuildLogConsumer((line) => lines.push(line));
  await builder.build();
  expect(lines.sort()).toEqual(["one", "three", "two"]);
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["step", "output", "done"]));
  await builder.build();
  expect(lines).toHaveLength(3);
  await builder.withCache(false).build();
  expect(lines).toHaveLength(6);
});

it("secrets, platforms and every other option reach the build", async () => {
  const place = await context("options", { "other/f": "named context\n" });
  const text = `FROM busybox
RUN --mount=type=secret,id=s cat /run/secrets/s > /seen; grep -c special /etc/hosts >> /seen
COPY --from=other f /f
`;
  const builder = Container.fromDockerfile(place, { text }, { engine })
    .withSecrets({ s: { value: "secret\n" } })
    .withPlatform((await engine.info()).platform)
    .withBuildOptions({ extraHosts: [{ host: "special", address: "10.0.0.1" }], contexts: { other: path.join(place, "other") } });
  await using started = await (await builder.build())
    .withCommand(["sleep", "60"])
    .withWaitStrategy(Wait.forSuccessfulCommand("true"))
    .start();
  expect((await started.exec("cat /seen /f")).stdout).toBe("secret\n1\nnamed context\n");
});

it("a step that fails throws BUILD_FAILED with its place, command, exit code and output", async () => {
  const place = await context("broken", {
    Dockerfile: "FROM busybox\n\nRUN for i in $(seq 1 50); do echo line $i; done; \\\n  echo last words >&2; exit 42\n",
  });
  const error = await Container.fromDockerfile(place, undefined, { engine })
    .build("sdk/broken")
    .catch((reason: unknown) => reason);
  if (!isCaissonError(error, "BUILD_FAILED")) throw error;
  expectTypeOf(error.facts.line).toEqualTypeOf<number>();
  expectTypeOf(error.facts.output).toEqualTypeOf<readonly string[]>();
  expect(error.facts).toMatchObject({
    file: "Dockerfile",
    line: 3,
    instruction: "RUN",
    command: expect.stringMatching(/^\/bin\/sh -c for i in /),
    exitCode: 42,
    signal: undefined,
    oomKilled: false,
  });
  expect(error.facts.output.at(-1)).toBe("last words");
  expect(error.facts.output).toHaveLength(40);
  expect(error.message.split("\n").slice(0, 2)).toEqual([
    "Dockerfile:3: RUN failed: exit code 42",
    "3 | RUN for i in $(seq 1 50); do echo line $i; done;   echo last words >&2; exit 42",
  ]);
  await expect(engine.images.inspect("sdk/broken")).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
});

it("a Dockerfile that makes no sense throws DOCKERFILE_INVALID with its place", async () => {
  const build = (text: string) => Container.fromDockerfile(scratch, { text }, { engine }).build();
  const error = await build("FROM busybox\nRUN --mount=type=nothing,target=/x true\n").catch((reason: unknown) => reason);
  if (!isCaissonError(error, "DOCKERFILE_INVALID")) throw error;
  expect(error.facts).toEqual({ file: "Dockerfile", line: 2, column: undefined });
  await expect(build("FROM busybox\nCOPY --bogus a b\n")).rejects.toMatchObject({ facts: { line: 2, column: 6 } });
});

it("Image.build gives an image as an object", async () => {
  const image = await Image.build(scratch, { engine, dockerfileText: "FROM busybox\nLABEL a=b\n", tags: ["sdk/image:1", "sdk/image:2"] });
  expectTypeOf(image).toEqualTypeOf<Image>();
  expect(image.references).toEqual(["sdk/image:1", "sdk/image:2"]);
  expect(image.id).toBe((await engine.images.inspect("sdk/image:1")).id);
  await image.remove();
  await expect(engine.images.inspect(image.id)).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
});

it("what is wrong with options is told in types and at run time", async () => {
  const builder = Container.fromDockerfile(scratch, { text: "FROM busybox\n" }, { engine });
  // @ts-expect-error: arguments are strings
  await expect(builder.withBuildArgs({ a: 1 }).build()).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option: "buildArgs" } });
  // @ts-expect-error: not a mode
  expect(() => Container.fromDockerfile(scratch, { text: "" }, { engine }).withNetworkMode("moon")).not.toThrow();
  // @ts-expect-error: there is no such option
  await expect(Image.build(scratch, { engine, dockerfileTxt: "x" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  // @ts-expect-error: a context is a string or a tar
  await expect(Image.build(7, { engine })).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option: "context" } });
});
