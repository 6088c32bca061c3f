/** What is built here is taken by docker and skopeo, digests and all; what they save is taken here, and can be built upon. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine, ImageInspect } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";
import { outputOf } from "../fixtures/output.js";

const exec = promisify(execFile);
const DOCKERFILE = `FROM busybox AS files
RUN mkdir -p /d/sub && echo content > /d/f && ln /d/f /d/hard && ln -s f /d/link && chown -R app:extra /d && chmod 4755 /d/f && mkfifo /d/fifo
RUN rm -r /home && mkdir /home && touch /home/new
FROM files
COPY --from=files --chown=7:8 /d /copied/
RUN rm /d/link && echo more >> /d/f
ENV A=1 B="two words"
LABEL org.example.a=b
EXPOSE 80 53/udp
VOLUME /data
USER app:extra
WORKDIR /work
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --retries=2 CMD true
ONBUILD RUN true
SHELL ["/bin/sh", "-e", "-c"]
ENTRYPOINT ["sh", "-c"]
CMD ["cat /d/f; stat -c '%a %U:%G %h' /d/f /copied/f; ls / /home /d; id; pwd; echo $A $B"]
`;

let scratch: string;
let engine: Engine;
let dockerd: Dockerd;
let image: ImageInspect;
let expected: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-interop-"));
  engine = await openEngine({ home: path.join(scratch, "home") });
  await ensureBusyboxImage(engine);
  image = (await engine.images.build(scratch, { dockerfileText: DOCKERFILE, tags: ["interop/built:1"] })).image;
  expected = await outputOf(engine, { image: image.id });
  dockerd = await startDockerd(path.join(scratch, "docker"));
}, 60_000);
afterAll(async () => {
  await engine?.close();
  await dockerd?.[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
}, 60_000);

/** What docker mounts and makes by itself is no part of the image. */
const comparable = (text: string) =>
  text
    .split("\n")
    .filter((line) => !/^(proc|sys|dev|\.dockerenv|data)$/.test(line))
    .join("\n");

async function dockerLoad(): Promise<void> {
  const child = spawn("docker", ["load"], { env: { ...process.env, DOCKER_HOST: dockerd.host }, stdio: ["pipe", "ignore", "inherit"] });
  const exited = once(child, "exit");
  await pipeline(await engine.images.save(["interop/built:1"]), child.stdin);
  expect(await exited).toEqual([0, null]);
}

it("docker loads it under its id, runs it alike, and sees the configuration that was written", async () => {
  await dockerLoad();
  const [found] = JSON.parse(await dockerd.docker("image", "inspect", "interop/built:1"));
  expect(found.Id).toBe(image.id);
  expect(found.RootFS.Layers).toEqual(image.layers);
  expect(found.Config).toMatchObject({
    User: "app:extra",
    Env: ["PATH=/bin", "A=1", "B=two words"],
    Cmd: image.config.command,
    Entrypoint: ["sh", "-c"],
    WorkingDir: "/work",
    ExposedPorts: { "80/tcp": {}, "53/udp": {} },
    Volumes: { "/data": {} },
    Labels: { "org.example.a": "b" },
    StopSignal: "SIGINT",
    OnBuild: ["RUN true"],
    Shell: ["/bin/sh", "-e", "-c"],
    Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 5e9, Timeout: 3e9, Retries: 2 },
  });
  expect(comparable(await dockerd.docker("run", "--rm", "--network", "none", "interop/built:1"))).toBe(comparable(expected));
  const history = (await dockerd.docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", "interop/built:1")).trim().split("\n");
  expect(history[0]).toBe(`CMD ["cat /d/f; stat -c '%a %U:%G %h' /d/f /copied/f; ls / /home /d; id; pwd; echo $A $B"]`);
  expect(history).toHaveLength(image.history.filter(({ createdBy }) => createdBy).length);
});

it("docker builds upon it, triggers and all, and what comes of that can be built upon here", async () => {
  await dockerLoad();
  const child = spawn("docker", ["build", "--network", "none", "-q", "-t", "interop/upon:1", "-"], {
    env: { ...process.env, DOCKER_HOST: dockerd.host, DOCKER_BUILDKIT: "0" },
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end("FROM interop/built:1\nUSER root\nRUN echo docker > /by && rm /copied/hard\n");
  expect(await once(child, "exit")).toEqual([0, null]);
  const archive = path.join(scratch, "docker.tar");
  await dockerd.docker("save", "-o", archive, "interop/upon:1");
  await using target = await openEngine({ home: path.join(scratch, "target") });
  const [loaded] = await target.images.load(createReadStream(archive));
  expect(loaded?.references).toEqual(["interop/upon:1"]);
  const [found] = JSON.parse(await dockerd.docker("image", "inspect", "interop/upon:1"));
  expect(loaded?.id).toBe(found.Id);
  const built = await target.images.build(scratch, {
    dockerfileText: 'FROM interop/upon:1\nRUN cat /by > /seen && ls /copied >> /seen\nENTRYPOINT []\nCMD ["cat", "/seen"]\n',
  });
  expect(await outputOf(target, { image: built.image.id })).toBe("docker\nf\nfifo\nlink\nsub\n");
});

it.each(["docker", "oci"] as const)("skopeo reads the archive in %s form, with the digests that it has here", async (format) => {
  const archive = path.join(scratch, `${format}.tar`);
  await pipeline(await engine.images.save(["interop/built:1"], { format }), createWriteStream(archive));
  const source = `${format}-archive:${archive}`;
  // A docker archive holds no manifest of this kind: skopeo makes one up.
  if (format === "oci") expect(JSON.parse((await exec("skopeo", ["inspect", source])).stdout).Digest).toBe(image.digest);
  const config = JSON.parse((await exec("skopeo", ["inspect", "--config", source])).stdout);
  expect(config).toMatchObject({ config: { User: "app:extra", StopSignal: "SIGINT" }, rootfs: { diff_ids: image.layers }, os: "linux" });
  const layout = path.join(scratch, `layout-${format}`);
  await exec("skopeo", ["copy", "-q", "--insecure-policy", source, `oci:${layout}:copied`]);
  const inspected = JSON.parse((await exec("skopeo", ["inspect", `oci:${layout}:copied`])).stdout);
  expect(inspected.Layers).toHaveLength(image.layers.length);
  const index = JSON.parse(await readFile(path.join(layout, "index.json"), "utf8"));
  expect(index.manifests[0].annotations["org.opencontainers.image.ref.name"]).toBe("copied");
  // And back: as a further context, and loaded.
  const upon = await engine.images.build(scratch, {
    dockerfileText: 'FROM layout\nUSER root\nRUN cat /d/f > /seen\nENTRYPOINT ["cat"]\nCMD ["/seen"]\n',
    contexts: { layout: `oci-layout://${layout}:copied` },
  });
  expect(await outputOf(engine, { image: upon.image.id })).toBe("content\nmore\n");
  const back = path.join(scratch, `back-${format}.tar`);
  await exec("skopeo", ["copy", "-q", "--insecure-policy", `oci:${layout}:copied`, `docker-archive:${back}:interop/back:${format}`]);
  await using target = await openEngine({ home: path.join(scratch, `back-${format}`) });
  const [loaded] = await target.images.load(createReadStream(back));
  expect(loaded).toMatchObject({ references: [`interop/back:${format}`] });
  expect(await outputOf(target, { image: `interop/back:${format}` })).toBe(expected);
  expect((await target.images.inspect(`interop/back:${format}`)).layers).toEqual(image.layers);
});

it("an image built from nothing, and one without layers, are taken as well", async () => {
  for (const [name, dockerfileText] of [
    ["interop/files:1", 'FROM scratch\nCOPY . /\nCMD ["/x"]\n'],
    ["interop/empty:1", "FROM scratch\nENV a=b\n"],
  ] as const) {
    const context = await mkdtemp(path.join(scratch, "context-"));
    const built = (await engine.images.build(context, { dockerfileText, tags: [name] })).image;
    const archive = path.join(scratch, `${path.basename(name, ":1")}.tar`);
    await pipeline(await engine.images.save([name]), createWriteStream(archive));
    const config = JSON.parse((await exec("skopeo", ["inspect", "--config", `docker-archive:${archive}`])).stdout);
    expect(config.rootfs.diff_ids ?? []).toEqual(built.layers);
  }
});
