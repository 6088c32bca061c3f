/** What a server of ours asks registries and other servers for: the docker command line, Debian's docker-registry, archives behind URLs. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { inspect, promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { useApiServer } from "../fixtures/api-server.js";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";
import { startTokenServer, type TokenServer } from "../fixtures/token-server.js";
import { startWebServer, type WebServer } from "../fixtures/web-server.js";

const run = promisify(execFile);
/** Nobody listens there: what is not on the loopback address is out of reach, wherever the tests run. */
const CLOSED = "http://127.0.0.1:1";
const at = useApiServer({ environment: { ...process.env, HTTPS_PROXY: CLOSED, https_proxy: CLOSED } });
let registry: Registry;
let web: WebServer;
let remote: Engine;
let digest: string;

beforeAll(async () => {
  registry = await startRegistry(path.join(at.directory, "registry"), at.directory);
  web = await startWebServer();
  remote = await openEngine({ engine: "remote", environment: { ...process.env, DOCKER_HOST: at.server.host } });
  await at.engine.images.tag("busybox", `${registry.host}/team/busybox:1`);
  ({ digest } = await at.engine.images.push(`${registry.host}/team/busybox:1`));
  await at.engine.images.tag("busybox", `${registry.host}/other:1`);
  await at.engine.images.push(`${registry.host}/other:1`);
});

afterAll(async () => {
  await remote?.close();
  await web?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

async function docker(...words: string[]): Promise<string> {
  const environment = { ...process.env, DOCKER_HOST: at.server.host, DOCKER_CONFIG: at.directory };
  const { stdout } = await run("docker", words, { env: environment });
  return stdout;
}

describe("what a registry has", () => {
  it("is told without fetching it", async () => {
    const answer = await at.call("GET", `/distribution/${registry.host}/team/busybox:1/json`);
    const manifest = await fetch(`http://${registry.host}/v2/team/busybox/manifests/${digest}`, {
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });
    const architecture = process.arch === "arm64" ? "arm64" : "amd64";
    expect(answer.json).toEqual({
      Descriptor: { mediaType: manifest.headers.get("content-type"), digest, size: (await manifest.text()).length },
      Platforms: [expect.objectContaining({ os: "linux", architecture })],
    });
    const told = await at.engine.images.inspectRemote(`${registry.host}/team/busybox:1`);
    expect(told).toMatchObject({ digest, platforms: [expect.stringContaining(`linux/${architecture}`)] });
    expect(await remote.images.inspectRemote(`${registry.host}/team/busybox:1`)).toEqual(told);
  });

  it("may be nothing, or no registry", async () => {
    const answer = await at.call("GET", `/distribution/${registry.host}/team/nonesuch:1/json`);
    expect([answer.status, answer.json.message]).toEqual([404, expect.stringContaining("nonesuch")]);
    await expect(remote.images.inspectRemote(`${registry.host}/team/nonesuch:1`)).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
    await expect(remote.images.inspectRemote("example.com/x")).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  });

  it("is found by a word, in its catalogue where it has no search", async () => {
    expect(await docker("search", "--format", "{{.Name}}", `${registry.host}/busy`)).toBe(`${registry.host}/team/busybox\n`);
    expect((await docker("search", "--format", "{{.Name}}", "--limit", "1", `${registry.host}/`)).split("\n")).toHaveLength(2);
    expect(await remote.images.search(`${registry.host}/other`)).toEqual([
      { name: `${registry.host}/other`, description: "", stars: 0, official: false },
    ]);
  });

  it("is found by the search of the first registry API, with filters", async () => {
    const results = [
      { name: "team/one", description: "The first\none", star_count: 12, is_official: true },
      { name: "team/two", description: "", star_count: 3, is_official: false },
    ];
    web.files.set("/v1/search", { content: JSON.stringify({ num_results: 2, query: "team", results }) });
    const named = (...flags: string[]) => docker("search", "--format", "{{.Name}} {{.StarCount}}", ...flags, `${web.host}/team`);
    expect(await named()).toBe(`${web.host}/team/one 12\n${web.host}/team/two 3\n`);
    expect(await named("--filter", "is-official=true")).toBe(`${web.host}/team/one 12\n`);
    expect(await named("--filter", "stars=4")).toBe(`${web.host}/team/one 12\n`);
    expect(await named("--filter", "is-official=false", "--filter", "stars=4")).toBe("");
  });

  it("can't be searched where nobody is there, or nothing to search", async () => {
    await expect(docker("search", "busybox")).rejects.toMatchObject({
      stderr: expect.stringMatching(/^Error response from daemon: index\.docker\.io can't be reached for busybox: /),
    });
    await expect(remote.images.search("busybox")).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
    await using bare = await startWebServer();
    await expect(docker("search", `${bare.host}/x`)).rejects.toMatchObject({
      stderr: expect.stringContaining("it has neither a search nor a catalogue"),
    });
    for (const query of ["", "?term=", "?term=x&limit=101", "?term=x&filters=%7B%22stars%22%3A%5B%22many%22%5D%7D"])
      expect((await at.call("GET", `/images/search${query}`)).status).toBe(400);
  });
});

describe("the catalogue of a registry that wants a token", () => {
  let tokens: TokenServer;
  let guarded: Registry;
  const auth = { username: "user", password: "secret" };
  beforeAll(async () => {
    const scratch = path.join(at.directory, "guarded");
    await mkdir(scratch);
    tokens = await startTokenServer(scratch, auth.username, auth.password);
    guarded = await startRegistry(path.join(scratch, "storage"), scratch, tokens.auth);
    for (const name of ["team/one", "team/two", "other"]) {
      await at.engine.images.tag("busybox", `${guarded.host}/${name}:1`);
      await at.engine.images.push(`${guarded.host}/${name}:1`, { auth });
    }
  });
  afterAll(async () => {
    await guarded?.[Symbol.asyncDispose]();
    await tokens?.[Symbol.asyncDispose]();
  });

  it("is searched with credentials, for which the token server is asked once for the whole of it", async () => {
    const term = `${guarded.host}/team`;
    tokens.grants.length = 0;
    expect((await at.engine.images.search(term, { auth })).map(({ name }) => name)).toEqual([`${term}/one`, `${term}/two`]);
    expect(tokens.grants).toEqual([{ user: "user", scope: "registry:catalog:*" }]);
    expect((await remote.images.search(term, { auth, limit: 1 })).map(({ name }) => name)).toEqual([`${term}/one`]);
    await docker("login", "-u", auth.username, "-p", auth.password, guarded.host);
    expect(await docker("search", "--format", "{{.Name}}", term)).toBe(`${term}/one\n${term}/two\n`);
    await docker("logout", guarded.host);
  });

  it("is closed without them", async () => {
    for (const [engine, given] of [
      [at.engine, undefined],
      [at.engine, { ...auth, password: "wrong" }],
      [remote, { ...auth, password: "wrong" }],
    ] as const)
      await expect(engine.images.search(`${guarded.host}/team`, { auth: given })).rejects.toMatchObject({ code: "REGISTRY_UNAUTHORIZED" });
    // Not by docker's command line, which asks for a user name then, whether anybody can answer or not.
    expect((await at.call("GET", `/images/search?term=${guarded.host}/team`)).status).toBe(401);
    for (const engine of [at.engine, remote]) {
      const refused = engine.images.login(guarded.host, { ...auth, password: "wrong" });
      await expect(refused).rejects.toMatchObject({
        code: "REGISTRY_UNAUTHORIZED",
        summary: expect.stringContaining("does not take these credentials"),
      });
      await engine.images.login(guarded.host, auth);
    }
  });
});

describe("an image from a URL", () => {
  it("is fetched by the server, with and without compression and a scheme", async () => {
    const rootfs = await busyboxRootfs();
    web.files.set("/rootfs.tar", { content: Buffer.from(rootfs) });
    web.files.set("/rootfs.tar.gz", { content: gzipSync(rootfs) });
    const plain = (await docker("import", "-c", "ENV PATH=/bin", `${web.url}/rootfs.tar`, "fetched:1")).trim().split("\n").at(-1)!;
    await at.call("POST", `/images/create?fromSrc=${web.host}/rootfs.tar.gz&repo=fetched&tag=2`);
    const [one, two] = await Promise.all(["fetched:1", "fetched:2"].map((name) => at.engine.images.inspect(name)));
    expect(plain).toBe(one!.id);
    expect(two!.layers).toEqual(one!.layers);
    expect(one!.history.at(-1)?.comment).toBe(`Imported from ${web.url}/rootfs.tar`);
    expect(await docker("run", "--rm", "fetched:1", "echo", "runs")).toBe("runs\n");
    const progress: number[] = [];
    const image = await remote.images.import(new URL(`${web.url}/rootfs.tar`), {
      progress: ({ current = 0 }) => progress.push(current),
    });
    expect([image.layers, progress.at(-1)]).toEqual([one!.layers, rootfs.length]);
  });

  it("fails where the URL has none", async () => {
    const answer = await at.call("POST", `/images/create?fromSrc=${encodeURIComponent(`${web.url}/nothing`)}`);
    expect([answer.status, answer.json.message]).toEqual([
      404,
      expect.stringContaining(`${web.url}/nothing can't be fetched: it answers 404`),
    ]);
    const refused = await remote.images.import(new URL(`${CLOSED.replace("://", "://me:kept-4711@")}/x`)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "PATH_NOT_FOUND" });
    expect(inspect(refused, { depth: 9 })).not.toContain("kept-4711");
    expect((await at.call("POST", "/images/create?fromSrc=file:///etc/passwd")).status).toBe(400);
    web.files.set("/text", { content: "no archive" });
    await expect(remote.images.import(new URL(`${web.url}/text`))).rejects.toMatchObject({ code: "LAYER_INVALID" });
  });
});

describe("docker cp --archive", () => {
  it("gives what goes in to the container's user, where it has one", async () => {
    const file = path.join(at.directory, "file");
    await writeFile(file, "content");
    const owners: string[] = [];
    for (const user of [[], ["--user", "nobody"], ["--user", "1234:5678"]]) {
      const id = (await docker("run", "-d", ...user, "busybox", "sleep", "1000")).trim();
      await docker("cp", "-a", file, `${id}:/tmp/a`);
      await docker("cp", file, `${id}:/tmp/b`);
      owners.push(await docker("exec", id, "stat", "-c", "%u:%g", "/tmp/a", "/tmp/b"));
      await docker("rm", "-f", id);
    }
    const own = `${process.getuid!()}:${process.getgid!()}\n`;
    expect(owners).toEqual([own + own, `65534:65534\n${own}`, `1234:5678\n${own}`]);
  });
});
