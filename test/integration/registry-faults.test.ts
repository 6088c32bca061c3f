/** Registries that ask for credentials, limit rates, and break off: real ones, the faults put in between by a proxy. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { run } from "../fixtures/command.js";
import { type Fault, startFaultyProxy } from "../fixtures/faulty-proxy.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";
import { startTokenServer } from "../fixtures/token-server.js";

let scratch: string;
let source: Engine;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-faults-"));
  source = await openEngine({ home: path.join(scratch, "source") });
  await ensureBusyboxImage(source);
});

afterAll(async () => {
  await source?.close();
  await rm(scratch, { recursive: true, force: true });
});

async function freshEngine(environment: NodeJS.ProcessEnv = {}): Promise<Engine> {
  const home = await mkdtemp(path.join(scratch, "home-"));
  // Without credentials of whoever runs the tests.
  return openEngine({ home, environment: { ...process.env, DOCKER_CONFIG: home, ...environment } });
}

async function directory(name: string): Promise<string> {
  const made = path.join(scratch, name);
  await mkdir(made, { recursive: true });
  return made;
}

describe("credentials", () => {
  const auth = { username: "captain", password: "ahab:1" };
  const encoded = Buffer.from(`${auth.username}:${auth.password}`).toString("base64");

  it("are basic where the registry asks for them", async () => {
    const place = await directory("basic");
    const hash = await run("perl", ["-e", `print crypt(q(${auth.password}), q($2y$05$abcdefghijklmnopqrstuu))`]);
    await writeFile(path.join(place, "htpasswd"), `${auth.username}:${hash}\n`);
    await using registry = await startRegistry(path.join(place, "storage"), place, {
      htpasswd: { realm: "test", path: path.join(place, "htpasswd") },
    });
    const reference = `${registry.host}/busybox:1`;
    await source.images.tag("busybox", reference);
    await source.images.push(reference, { auth });
    await using anonymous = await freshEngine();
    const refused = (await anonymous.images.pull(reference).catch((error: unknown) => error)) as Error;
    expect(refused).toMatchObject({ code: "REGISTRY_UNAUTHORIZED", facts: { registry: registry.host, status: 401 } });
    expect(refused.message).toContain("credentials: none: there is no");
    await expect(anonymous.images.pull(reference, { auth: { ...auth, password: "wrong" } })).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
      facts: { credentials: "given with the call" },
    });
    await using configured = await freshEngine({ DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [registry.host]: { auth: encoded } } }) });
    expect((await configured.images.pull(reference)).references).toEqual([reference]);
  });

  it("are traded for a token of the right scope, and come from a credential helper", async () => {
    const place = await directory("token");
    await using tokens = await startTokenServer(place, auth.username, auth.password);
    await using registry = await startRegistry(path.join(place, "storage"), place, tokens.auth);
    const reference = `${registry.host}/team/busybox:1`;
    await source.images.tag("busybox", reference);
    await source.images.push(reference, { auth });
    const helper = path.join(place, "docker-credential-logbook");
    const answer = JSON.stringify({ ServerURL: registry.host, Username: auth.username, Secret: auth.password });
    await writeFile(helper, `#!/bin/sh\nread server\n[ "$1 $server" = "get ${registry.host}" ] && echo '${answer}'\n`);
    await chmod(helper, 0o755);
    await writeFile(path.join(place, "config.json"), JSON.stringify({ credHelpers: { [registry.host]: "logbook" } }));
    await using engine = await freshEngine({ DOCKER_CONFIG: place, PATH: `${place}:${process.env["PATH"]}` });
    tokens.grants.length = 0;
    expect((await engine.images.pull(reference)).references).toEqual([reference]);
    // One token for manifest, configuration and layer.
    expect(tokens.grants).toEqual([{ user: auth.username, scope: "repository:team/busybox:pull" }]);
    await using anonymous = await freshEngine();
    await expect(anonymous.images.pull(reference)).rejects.toMatchObject({ code: "REGISTRY_UNAUTHORIZED" });
    await writeFile(path.join(place, "config.json"), JSON.stringify({ credsStore: "nonesuch" }));
    await using broken = await freshEngine({ DOCKER_CONFIG: place });
    await expect(broken.images.pull(reference)).rejects.toMatchObject({
      code: "REGISTRY_ERROR",
      message: expect.stringContaining("docker-credential-nonesuch"),
    });
  });
});

describe("a registry that fails now and then", () => {
  let registry: Registry;

  beforeAll(async () => {
    const place = await directory("open");
    registry = await startRegistry(path.join(place, "storage"), place);
    await source.images.tag("busybox", `${registry.host}/busybox:1`);
    await source.images.push(`${registry.host}/busybox:1`);
  });

  afterAll(() => registry[Symbol.asyncDispose]());

  async function pullThrough(fault: (request: string, nth: number) => Fault | undefined) {
    await using proxy = await startFaultyProxy(registry.host, fault);
    await using engine = await freshEngine();
    const result = await engine.images.pull(`${proxy.host}/busybox:1`).catch((error: unknown) => error);
    return { result, requests: proxy.requests };
  }

  it("is asked again after the time that it names (429, 503)", async () => {
    const begin = performance.now();
    const { result } = await pullThrough((request, nth) => {
      if (request === "GET /v2/busybox/manifests/1" && nth === 1) return { status: 429, headers: { "retry-after": "1" } };
      return request.includes("/blobs/") && nth === 1 ? { status: 503 } : undefined;
    });
    expect(result).toMatchObject({ layers: [expect.any(String)] });
    expect(performance.now() - begin).toBeGreaterThan(1000);
  });

  it("is not waited for when it wants too much patience (429)", async () => {
    const body = JSON.stringify({ errors: [{ code: "TOOMANYREQUESTS", message: "pull rate limit" }] });
    const { result, requests } = await pullThrough((request) =>
      request.includes("manifests") ? { status: 429, headers: { "retry-after": "7200" }, body } : undefined,
    );
    expect(result).toMatchObject({ code: "REGISTRY_RATE_LIMITED", facts: { retryAfterMs: 7_200_000 } });
    expect((result as Error).message).toContain("pull rate limit");
    expect(requests.filter((request) => request.includes("manifests"))).toHaveLength(1);
  });

  it("is asked for the rest when a download breaks off, however often that happens", async () => {
    const { result, requests } = await pullThrough((request, nth) =>
      request.includes("/blobs/") && nth < 6 ? { breakAfter: 100_000 } : undefined,
    );
    expect(result).toMatchObject({ layers: [expect.any(String)] });
    expect(requests.filter((request) => request.includes("/blobs/")).length).toBeGreaterThan(5);
  });

  it("is given up when nothing more comes", async () => {
    const { result } = await pullThrough((request, nth) =>
      !request.includes("/blobs/") ? undefined : nth === 1 ? { breakAfter: 1000 } : { status: 206 },
    );
    expect(result).toMatchObject({ code: "REGISTRY_ERROR" });
    expect((result as Error).message).toMatch(/stops sha256:[0-9a-f]+ of busybox after \d+ of \d+ bytes/);
  });

  it("is quoted when it refuses for a reason of its own", async () => {
    const { result } = await pullThrough((request) => (request.includes("manifests") ? { status: 418, body: "I'm a teapot" } : undefined));
    expect(result).toMatchObject({ code: "REGISTRY_ERROR", facts: { status: 418 } });
    expect((result as Error).message).toContain("registry: I'm a teapot");
  });
});
