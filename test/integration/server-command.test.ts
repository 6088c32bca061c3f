/** `caisson serve` as a process: who may connect, how it ends, and what docker's command line does with registries through it. */
import { type ChildProcess, execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { makeCertificates } from "../fixtures/certificates.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";

const run = promisify(execFile);
let directory: string;
let caisson: CommandLine;
let started: ChildProcess | undefined;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-serve-"));
  caisson = commandLine(path.join(directory, "home"));
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  expect((await caisson.run(["import", "-c", 'CMD ["sh"]', path.join(directory, "busybox.tar"), "busybox"])).code).toBe(0);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Served {
  readonly child: ChildProcess;
  readonly host: string;
  readonly code: Promise<number | null>;
}

/** Resolves once it listens. */
async function serve(...words: string[]): Promise<Served> {
  const { child, result } = caisson.start(["serve", ...words]);
  started = child;
  const code = result.then((ended) => ended.code);
  const line = new Promise<string>((resolve) => child.stdout?.once("data", (data) => resolve(String(data))));
  const said = await Promise.race([line, result.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  return { child, code, host: said.replace("Serving on ", "").trim() };
}

async function docker(host: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const all = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: directory, DOCKER_BUILDKIT: "0", ...env };
  return (await run("docker", words, { env: all })).stdout;
}

describe("caisson serve", () => {
  it("ends with SIGTERM, and its containers with it", async () => {
    const { child, host, code } = await serve("-H", `unix://${directory}/one.sock`);
    await docker(host, ["run", "-d", "--stop-signal", "KILL", "busybox", "sleep", "1000"]);
    const second = await caisson.run(["serve", "-H", `unix://${directory}/two.sock`]);
    expect([second.code, second.stderr]).toEqual([1, expect.stringMatching(`Process ${child.pid} serves the data root .*, on ${host}`)]);
    child.kill("SIGTERM");
    expect(await code).toBe(0);
    expect((await readdir(directory)).filter((name) => name.includes("sock"))).toEqual([]);
  });

  it("that was killed leaves no container, and nothing in the way of the next one", async () => {
    const killed = await serve("-H", `unix://${directory}/one.sock`);
    const id = (await docker(killed.host, ["run", "-d", "busybox", "sleep", "1000"])).trim();
    const pid = Number(await docker(killed.host, ["inspect", "--format", "{{.State.Pid}}", id]));
    killed.child.kill("SIGKILL");
    await killed.code;
    const next = await serve("-H", `unix://${directory}/one.sock`);
    expect(await docker(next.host, ["run", "--rm", "busybox", "echo", "again"])).toBe("again\n");
    await expect.poll(() => alive(pid), { timeout: 20_000 }).toBe(false);
    next.child.kill("SIGTERM");
    await next.code;
  });

  it("on a socket of its own keeps the containers of run -d, too", async () => {
    const { child, host, code } = await serve("-H", `unix://${directory}/other place.sock`);
    const {
      code: ran,
      stdout,
      stderr,
    } = await caisson.run(["run", "-d", "--stop-signal", "KILL", "--name", "kept", "busybox", "sleep", "1000"]);
    expect([ran, stderr]).toEqual([0, ""]);
    expect(await docker(host, ["ps", "-q", "--no-trunc"])).toBe(stdout);
    child.kill("SIGTERM");
    await code;
  });

  it("is what --host before the command names, with a data root of another", async () => {
    const { child, host, code } = await serve("-H", `unix://${directory}/named.sock`);
    const other = commandLine(path.join(directory, "nothing here"), { CAISSON_ENGINE: "builtin" });
    expect(
      await other.run(["--host", host, "run", "-d", "--stop-signal", "KILL", "--name", "far", "busybox", "sleep", "1000"]),
    ).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(await other.run(["-H", host, "ps", "--format", "{{.Names}}"])).toMatchObject({ code: 0, stdout: "far\n" });
    expect((await other.run(["-H", host, "images"])).stdout).toMatch(/^busybox /m);
    expect(await other.run(["-H", `unix://${directory}/nobody.sock`, "ps"])).toMatchObject({ code: 1, stdout: "" });
    child.kill("SIGTERM");
    await code;
  });

  it("on TCP is named to run -d, which can't know its certificates", async () => {
    const { child, host, code } = await serve("-H", "tcp://127.0.0.1:0", "--insecure");
    const refused = await caisson.run(["run", "-d", "busybox"]);
    expect([refused.code, refused.stderr]).toEqual([125, expect.stringMatching(`Process ${child.pid} serves .*, on ${host}`)]);
    child.kill("SIGTERM");
    await code;
  });

  it("goes when nothing is left, if told to", async () => {
    const { host, code } = await serve("-H", `unix://${directory}/idle.sock`, "--idle-exit", "300ms");
    await docker(host, ["run", "--rm", "busybox", "true"]);
    expect(await code).toBe(0);
  });

  it("lets clients mount what is allowed, and nothing that a link leads to", async () => {
    const { child, host, code } = await serve("-H", `unix://${directory}/bind.sock`, "--allow-bind", path.join(directory, "home"));
    expect(await docker(host, ["run", "--rm", "-v", `${directory}/home:/x`, "busybox", "ls", "/x"])).toContain("images");
    const outside = docker(host, ["run", "--rm", "-v", `${directory}/home/../busybox.tar:/x`, "busybox", "true"]);
    await expect(outside).rejects.toMatchObject({ code: 125, stderr: expect.stringContaining("is not allowed here") });
    child.kill("SIGTERM");
    await code;
  });

  // A failed test must not keep the next one from the data root.
  afterEach(() => started?.kill("SIGKILL"));

  it("on TCP knows its clients by their certificates", async () => {
    const open = await caisson.run(["serve", "-H", "tcp://127.0.0.1:0"]);
    expect([open.code, open.stderr]).toEqual([1, expect.stringContaining("TLS")]);
    const { server, client } = await makeCertificates(path.join(directory, "certificates"));
    const files = ["--tlscert", `${server}/cert.pem`, "--tlskey", `${server}/key.pem`, "--tlscacert", `${server}/ca.pem`];
    const { child, host, code } = await serve("-H", "tcp://127.0.0.1:0", ...files);
    const known = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: client };
    expect(await docker(host, ["run", "--rm", "busybox", "echo", "over TLS"], known)).toBe("over TLS\n");
    const stranger = ["--tls", "--tlscacert", `${server}/ca.pem`, "version"];
    await expect(docker(host, stranger)).rejects.toMatchObject({ code: 1 });
    child.kill("SIGTERM");
    await code;
  });
});

describe("registries through a server", () => {
  let registry: Registry;
  let served: Served;
  beforeAll(async () => {
    const passwords = path.join(directory, "htpasswd");
    const { stdout: hash } = await run("perl", ["-e", "print crypt(q(secret), q($2y$05$abcdefghijklmnopqrstuu))"]);
    await writeFile(passwords, `user:${hash}\n`);
    registry = await startRegistry(path.join(directory, "registry"), directory, { htpasswd: { realm: "test", path: passwords } });
    served = await serve("-H", `unix://${directory}/registry.sock`);
  });
  afterAll(async () => {
    served?.child.kill("SIGTERM");
    await served?.code;
    await registry?.[Symbol.asyncDispose]();
  });

  it("take the client's credentials: login, push, pull, and builds from a private image", async () => {
    const name = `${registry.host}/team/base:1`;
    await docker(served.host, ["tag", "busybox", name]);
    await expect(docker(served.host, ["push", name])).rejects.toMatchObject({ code: 1 });
    await expect(docker(served.host, ["login", "-u", "user", "-p", "wrong", registry.host])).rejects.toMatchObject({ code: 1 });
    expect(await docker(served.host, ["login", "-u", "user", "-p", "secret", registry.host])).toContain("Login Succeeded");
    expect(await docker(served.host, ["push", name])).toMatch(/1: digest: sha256:[0-9a-f]{64}/);
    await docker(served.host, ["rmi", name]);
    await writeFile(path.join(directory, "Private"), `FROM ${name}\nLABEL built=yes\n`);
    await docker(served.host, ["build", "-q", "-t", "private", "-f", path.join(directory, "Private"), path.join(directory, "registry")]);
    await docker(served.host, ["rmi", "-f", "private", name]);
    const pulled = await docker(served.host, ["pull", name]);
    expect(pulled).toContain(`Status: Downloaded newer image for ${name}`);
    expect(await docker(served.host, ["pull", name])).toContain(`Status: Image is up to date for ${name}`);
  });
});

async function alive(pid: number): Promise<boolean> {
  return run("ps", ["-o", "stat=", "-p", String(pid)]).then(
    ({ stdout }) => !stdout.startsWith("Z"),
    () => false,
  );
}
