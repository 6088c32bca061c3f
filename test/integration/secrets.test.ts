/**
 * Credentials of registries, secrets of builds and the environment of containers: looked for, byte for byte, wherever they have no business:
 * errors as text and as JSON, what a build tells, images and all that the store holds of them, command lines, environments and core files.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorObject } from "../../src/cli/error-object.js";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { run } from "../fixtures/command.js";
import { commandLine } from "../fixtures/command-line.js";
import { git, gitHttpBackend } from "../fixtures/git-server.js";
import { treeOf } from "../fixtures/processes.js";

const SECRET = "kept-from-everybody-4711";
const ENCODED = Buffer.from(`captain:${SECRET}`).toString("base64");

let scratch: string;
let home: string;
let engine: Engine;
let refusing: Server;
let registry: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-secrets-"));
  home = path.join(scratch, "home");
  engine = await openEngine({ home });
  await ensureBusyboxImage(engine);
  // It repeats what it was sent, as some proxies do.
  refusing = createServer(({ headers }, answer) => {
    answer.writeHead(401, { "www-authenticate": 'Basic realm="test"', "content-type": "application/json" });
    answer.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "not you", detail: { sent: Object.keys(headers) } }] }));
  });
  refusing.listen(0, "127.0.0.1");
  await once(refusing, "listening");
  registry = `127.0.0.1:${(refusing.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await engine?.close();
  refusing?.close();
  await rm(scratch, { recursive: true, force: true });
});

function expectUntold(text: string): void {
  // JSON.parse quotes the first ten characters of what it can't read.
  for (const form of [SECRET, ENCODED, Buffer.from(SECRET).toString("base64")].flatMap((each) => [each, each.slice(0, 10)])) {
    expect(text.includes(form), `${form} in ${text.slice(0, 2000)}`).toBe(false);
  }
}

/** As a user sees it, in a log and from the command line; with all of its causes. */
function formsOf(error: unknown): string {
  return [String(error), (error as Error).stack, inspect(error, { depth: 20, showHidden: true }), JSON.stringify(errorObject(error))].join(
    "\n",
  );
}

describe("credentials of a registry", () => {
  const image = (): string => `${registry}/team/image:1`;
  const withEnvironment = (environment: NodeJS.ProcessEnv): Promise<Engine> =>
    openEngine({ home, engine: "builtin", environment: { ...process.env, DOCKER_CONFIG: scratch, ...environment } });

  it.each([
    ["given with a call", {}, { auth: { username: "captain", password: SECRET } }],
    ["given with a call as a token", {}, { auth: { registryToken: SECRET } }],
    ["of the environment", { DOCKER_AUTH_CONFIG: "AUTHS" }, {}],
    ["of an environment that is no JSON", { DOCKER_AUTH_CONFIG: `${ENCODED}` }, {}],
    ["of an environment that stops in the middle", { DOCKER_AUTH_CONFIG: `{"auths":{"x":{"auth":"${ENCODED}"}},` }, {}],
    ["of an environment with an auth that is none", { DOCKER_AUTH_CONFIG: "BROKEN" }, {}],
  ] as const)("%s are in no error of a pull, a push or a login", async (_, environment, options) => {
    const value = (environment as { DOCKER_AUTH_CONFIG?: string }).DOCKER_AUTH_CONFIG;
    const config = value
      ?.replace(/^AUTHS$/, JSON.stringify({ auths: { [registry]: { auth: ENCODED } } }))
      .replace(/^BROKEN$/, JSON.stringify({ auths: { [registry]: { auth: Buffer.from(SECRET).toString("base64") } } }));
    await using here = await withEnvironment(config === undefined ? {} : { DOCKER_AUTH_CONFIG: config });
    await here.images.tag("busybox", image());
    for (const attempt of [() => here.images.pull(image(), options as object), () => here.images.push(image(), options as object)]) {
      const error = await attempt().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeDefined();
      expectUntold(formsOf(error));
    }
    const words = ["--json", "pull", image()];
    const said = await commandLine(home, config === undefined ? {} : { DOCKER_AUTH_CONFIG: config }).run(words);
    expect(said.code).not.toBe(0);
    expectUntold(said.stdout + said.stderr);
  });

  it("that are tokens are in no error where the answer that brings one is cut off", async () => {
    await using tokens = await listen((_, answer) => void answer.end(`${SECRET}"}`));
    await using asking = await listen((_, answer) => {
      answer.writeHead(401, { "www-authenticate": `Bearer realm="http://${tokens.address}/token",service="test"` });
      answer.end();
    });
    await using here = await withEnvironment({});
    const error = await here.images.pull(`${asking.address}/team/image:1`).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^REGISTRY_/) });
    expectUntold(formsOf(error));
  });

  it("of a helper that fails after it has said them are in no error", async () => {
    const place = path.join(scratch, "helpers");
    await mkdir(place);
    const helper = path.join(place, "docker-credential-broken");
    await writeFile(helper, `#!/bin/sh\necho '{"Username":"captain","Secret":"${SECRET}"}'\nexit 1\n`);
    await chmod(helper, 0o755);
    await writeFile(path.join(place, "config.json"), JSON.stringify({ credHelpers: { [registry]: "broken" } }));
    await using here = await withEnvironment({ DOCKER_CONFIG: place, PATH: `${place}:${process.env["PATH"]}` });
    const error = await here.images.pull(image()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "REGISTRY_ERROR" });
    expectUntold(formsOf(error));
  });
});

describe("secrets of a build", () => {
  it("are in nothing that it tells and in nothing that it leaves", async () => {
    const context = path.join(scratch, "context");
    await mkdir(context);
    const told: unknown[] = [];
    const dockerfileText =
      'FROM busybox\nRUN --mount=type=secret,id=s --mount=type=secret,id=e,env=TOKEN wc -c /run/secrets/s >/n; test -n "$TOKEN"\nRUN echo after\n';
    const secrets = { s: { value: SECRET }, e: { value: SECRET } };
    const { image } = await engine.images.build(context, {
      dockerfileText,
      secrets,
      tags: ["built"],
      progress: (event) => told.push(event),
    });
    expectUntold(JSON.stringify([told, image]));
    // Images, their documents, layers, records of builds, sessions: every file that is there now.
    expect(await filesWith(home)).toEqual([]);
    const archive = path.join(scratch, "built.tar");
    await writeFile(archive, await engine.images.save(["built"]));
    expect(await filesWith(archive)).toEqual([]);
  });

  it("are in no error of a step that fails", async () => {
    const context = await mkdtemp(path.join(scratch, "failing-"));
    const dockerfileText = "FROM busybox\nRUN --mount=type=secret,id=e,env=TOKEN,required=true exit 3\n";
    const error = await engine.images
      .build(context, { dockerfileText, secrets: { e: { value: SECRET } } })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "BUILD_FAILED" });
    expectUntold(formsOf(error));
  });
});

describe("a password in a URL of a Dockerfile", () => {
  const withPassword = (address: string): string => `http://captain:${SECRET}@${address}`;

  it("opens what it is for, and is not told", async () => {
    const repository = path.join(scratch, "repositories", "one.git");
    await mkdir(repository, { recursive: true });
    await git(repository, "init");
    await git(repository, "commit", "--allow-empty", "-m", "first");
    const asked = gitHttpBackend(path.dirname(repository), `Basic ${ENCODED}`);
    await using server = await listen((request, answer) => {
      if (!request.url?.startsWith("/file")) return asked(request, answer);
      answer.writeHead(request.headers.authorization === `Basic ${ENCODED}` ? 200 : 401).end("found\n");
    });
    const told: unknown[] = [];
    const url = withPassword(server.address);
    const dockerfileText = `FROM busybox\nADD ${url}/file /file\nADD --keep-git-dir ${url}/one.git/.git#main /git\nRUN grep found /file && ! grep -r captain /git\n`;
    await engine.images.build(await mkdtemp(path.join(scratch, "urls-")), { dockerfileText, progress: (event) => told.push(event) });
    expectUntold(JSON.stringify(told));
  });

  it.each(["/file", "/one.git"])("is in no error where %s is refused", async (file) => {
    const dockerfileText = `FROM busybox\nADD ${withPassword(registry)}${file} /x\n`;
    const error = await engine.images
      .build(await mkdtemp(path.join(scratch, "urls-")), { dockerfileText })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "BUILD_FAILED" });
    expectUntold(formsOf(error));
  });
});

describe("the environment of a container", () => {
  it("is in no error of a start, an exec or a copy", async () => {
    const attempts = [
      { image: "busybox", command: ["/no/such/program"], env: { TOKEN: SECRET } },
      { image: "busybox", command: ["/etc/passwd"], env: { TOKEN: SECRET } },
      { image: "busybox", command: ["true"], env: { TOKEN: SECRET }, user: "nobody-knows" },
      { image: "busybox", command: ["true"], env: { TOKEN: SECRET }, mounts: [{ type: "tmpfs", target: "/bin/busybox" }] },
    ] as const;
    for (const spec of attempts) {
      const error = await start(spec as never).catch((reason: unknown) => reason);
      expect(error).toHaveProperty("code");
      expectUntold(formsOf(error));
    }
    const id = await start({ image: "busybox", command: ["sleep", "60"], env: { TOKEN: SECRET } } as never);
    const failures = await Promise.allSettled([
      engine.containers.exec(id, { command: ["/no/such"], env: { OTHER: SECRET } }),
      engine.containers.copyOut(id, "/no/such"),
    ]);
    expect(failures.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    for (const failure of failures) expectUntold(formsOf((failure as PromiseRejectedResult).reason));
    await engine.containers.remove(id, { force: true });
  });

  it("is in no command line and in no environment of our processes, and in no file of the session", async () => {
    const id = await start({ image: "busybox", command: ["sleep", "60"], env: { TOKEN: SECRET } } as never);
    const { pid } = (await engine.containers.inspect(id)).state;
    // Workers of the supervisor's come and go.
    const told = (each: number, what: string): Promise<string> => readFile(`/proc/${each}/${what}`, "latin1").catch(() => "");
    for (const each of await treeOf(await supervisorPid())) {
      expectUntold(await told(each, "cmdline"));
      // Its own has it, as it should.
      if (each !== pid) expectUntold(await told(each, "environ"));
    }
    expect(await readFile(`/proc/${pid}/environ`, "latin1")).toContain(SECRET);
    expect(await filesWith(path.join(home, "sessions"))).toEqual([]);
    await engine.containers.remove(id, { force: true });
  });

  it("is in no core file: the supervisor, which has had it, leaves none", async (context) => {
    const pattern = (await readFile("/proc/sys/kernel/core_pattern", "utf8")).trim();
    if (/^[|/@]/.test(pattern)) context.skip(`cores go to ${pattern} here, not beside the process`);
    const place = await mkdtemp(path.join(scratch, "core-"));
    const other = spawn("sleep", ["60"], { cwd: place });
    await abort(other.pid!, once(other, "exit"));
    // That there would be one: a process like any other leaves it.
    expect(await readdir(place)).toHaveLength(1);

    await using victim = await openEngine({ home, engine: "builtin" });
    await victim.ping();
    const supervisor = await (victim as unknown as { supervisorPid(): Promise<number> }).supervisorPid();
    const before = await readdir("/");
    await abort(supervisor, expect.poll(() => victim.ping().then(() => supervisorGone(supervisor)), { timeout: 10_000 }).toBe(true));
    expect(await readdir("/")).toEqual(before);
  });
});

async function listen(answer: RequestListener): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

async function start(spec: Parameters<Engine["containers"]["create"]>[0]): Promise<string> {
  const { id } = await engine.containers.create(spec);
  await engine.containers.start(id);
  return id;
}

function supervisorPid(): Promise<number> {
  return (engine as unknown as { supervisorPid(): Promise<number> }).supervisorPid();
}

async function abort(pid: NonNullable<ChildProcess["pid"]>, ended: Promise<unknown>): Promise<void> {
  await run("prlimit", ["--core=unlimited", "--pid", String(pid)]);
  process.kill(pid, "SIGABRT");
  await ended;
}

async function supervisorGone(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tX");
  return /^State:\s+[ZX]/m.test(status);
}

/** Files that hold the secret in any form, at or below a place. */
async function filesWith(place: string): Promise<string[]> {
  const found = await run("grep", ["-rlaF", "-e", SECRET, "-e", ENCODED, place]).catch(
    ({ code, stdout }: { code: number; stdout: string }) => {
      if (code === 1) return "";
      throw new Error(`grep fails: ${stdout}`);
    },
  );
  return found.split("\n").filter(Boolean);
}
