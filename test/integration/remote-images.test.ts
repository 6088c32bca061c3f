/** The remote engine's images and builds where the contract doesn't go: private registries, BuildKit's session, connections that are cut. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";
import { startTokenServer, type TokenServer } from "../fixtures/token-server.js";

let directory: string;
let dockerd: Dockerd;
let engine: Engine;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-remote-"));
  dockerd = await startDockerd(path.join(directory, "docker"));
  engine = await openEngine({ host: dockerd.host, environment: { ...process.env, DOCKER_CONFIG: directory } });
  await ensureBusyboxImage(engine);
});

afterAll(async () => {
  await engine?.close();
  await dockerd?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe("a registry that wants to know who asks", () => {
  let registry: Registry;
  let tokens: TokenServer;
  let reference: string;
  const auth = { username: "me", password: "secret" };

  beforeAll(async () => {
    tokens = await startTokenServer(directory, auth.username, auth.password);
    registry = await startRegistry(path.join(directory, "storage"), directory, tokens.auth);
    reference = `${registry.host}/private/busybox:1`;
    await engine.images.tag("busybox", reference);
    await engine.images.push(reference, { auth });
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await tokens?.[Symbol.asyncDispose]();
  });
  afterEach(() => writeFile(path.join(directory, "config.json"), "{}"));

  const logIn = (): Promise<void> => {
    const entry = { auth: Buffer.from(`${auth.username}:${auth.password}`).toString("base64") };
    return writeFile(path.join(directory, "config.json"), JSON.stringify({ auths: { [registry.host]: entry } }));
  };

  it("is told by docker's configuration, or by the call", async () => {
    await engine.images.remove(reference);
    await expect(engine.images.pull(reference)).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
      facts: { registry: registry.host, credentials: expect.stringContaining("config.json") },
    });
    await expect(engine.images.pull(reference, { auth: { ...auth, password: "wrong" } })).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
    });
    await logIn();
    expect((await engine.images.pull(reference)).references).toContain(reference);
  });

  it.each(["a daemon", "the built-in engine"])("is told for a check of a Dockerfile, by %s", async (place) => {
    const builtin = { home: path.join(directory, "home"), engine: "builtin" } as const;
    const environment = { ...process.env, DOCKER_CONFIG: directory };
    await using other = await openEngine({ ...(place === "a daemon" ? { host: dockerd.host } : builtin), environment });
    await engine.images.remove(reference).catch(() => undefined);
    const context = await mkdtemp(path.join(directory, "context-"));
    const check = (registryAuth = {}) =>
      other.images.checkBuild(context, { dockerfileText: `FROM ${reference}\nLABEL a=$none\n`, registryAuth });
    expect((await check()).error).toMatchObject({ code: "REGISTRY_UNAUTHORIZED", message: expect.stringContaining("Dockerfile:1: ") });
    expect(await check({ [registry.host]: auth })).toMatchObject({ warnings: [{ rule: "UndefinedVar" }], error: undefined });
  });

  it.each(["1", "0"])("is told during a build, with DOCKER_BUILDKIT=%s", async (buildkit) => {
    await using other = await openEngine({
      host: dockerd.host,
      environment: { ...process.env, DOCKER_CONFIG: directory, DOCKER_BUILDKIT: buildkit },
    });
    const context = await mkdtemp(path.join(directory, "context-"));
    await engine.images.remove(reference).catch(() => undefined);
    const build = () => other.images.build(context, { dockerfileText: `FROM ${reference}\nCMD ["true"]\n`, pull: true });
    await expect(build()).rejects.toMatchObject({ code: "REGISTRY_UNAUTHORIZED", message: expect.stringMatching(/^Dockerfile:1: /) });
    await logIn();
    expect((await build()).image.config.command).toEqual(["true"]);
  });
});

it("a build's session serves secrets, and says which one is missing", async () => {
  const context = await mkdtemp(path.join(directory, "context-"));
  const dockerfileText = 'FROM busybox\nRUN --mount=type=secret,id=s,required=true test "$(cat /run/secrets/s)" = hidden\n';
  await engine.images.build(context, { dockerfileText, secrets: { s: { value: "hidden" } } });
  await expect(engine.images.build(context, { dockerfileText, noCache: true })).rejects.toMatchObject({
    code: "BUILD_FAILED",
    message: expect.stringContaining("secret s: not found"),
    facts: { line: 2 },
  });
});

describe("a connection that is cut", () => {
  let server: Server;
  let host: string;
  const sockets = new Set<Socket>();
  /** Told of how much has come from each client. */
  let received = (_bytes: number): void => {};
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  beforeAll(async () => {
    const socketPath = path.join(directory, "cut.sock");
    host = `unix://${socketPath}`;
    server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ path: dockerd.host.replace("unix://", ""), allowHalfOpen: true });
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on("error", () => {}).on("close", () => sockets.delete(socket));
      }
      near.on("data", () => received(near.bytesRead));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  });
  afterAll(() => {
    cut();
    server?.close();
  });

  it.each(["1", "0"])("ends a build, with DOCKER_BUILDKIT=%s", async (buildkit) => {
    const other = await openEngine({ host, environment: { ...process.env, DOCKER_CONFIG: directory, DOCKER_BUILDKIT: buildkit } });
    const context = await mkdtemp(path.join(directory, "context-"));
    const building = other.images.build(context, {
      dockerfileText: "FROM busybox\nRUN echo begun; sleep 30\n",
      noCache: true,
      progress: (event) => event.type === "output" && cut(),
    });
    await expect(building).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" });
    await other.close();
  });

  it("ends a load and an import whose input is still coming", async () => {
    const saved = await buffer(await engine.images.save(["busybox"]));
    const other = await openEngine({ host });
    const input = async function* () {
      const arrived = new Promise<void>((resolve) => {
        received = (bytes) => bytes > 50_000 && resolve();
      });
      yield saved.subarray(0, 100_000);
      await arrived;
      cut();
      await new Promise(() => {});
    };
    await expect(other.images.load(input())).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" });
    await expect(other.images.import(input())).rejects.toMatchObject({ code: "DAEMON_UNREACHABLE" });
    expect((await other.images.inspect("busybox")).references).toContain("busybox:latest");
    await other.close();
  });
});
