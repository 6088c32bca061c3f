/** One daemon on every way to it: unix socket, TCP with TLS, ssh with and without a socket that can be forwarded; and what is wrong on the way. */
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { type Certificates, makeCertificates } from "../fixtures/certificates.js";
import { run } from "../fixtures/command.js";
import { type Dockerd, startDockerd } from "../fixtures/dockerd.js";
import { commandLine, processesWhere } from "../fixtures/processes.js";
import { type SshServer, startSshServer } from "../fixtures/ssh-server.js";

let directory: string;
let certificates: Certificates;
let dockerd: Dockerd;
let ssh: SshServer;
const place = (...parts: string[]): string => path.join(directory, ...parts);

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-transports-"));
  certificates = await makeCertificates(place("certificates"));
  dockerd = await startDockerd(place("dockerd"), { certificates });
  ssh = await startSshServer(place("ssh"), { DOCKER_HOST: dockerd.host });
}, 120_000);

afterAll(async () => {
  await ssh?.[Symbol.asyncDispose]();
  await dockerd?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

const remote = (environment: NodeJS.ProcessEnv, host?: string): Promise<Engine> => openEngine({ engine: "remote", host, environment });
/** What the machine of the tests has of its own is nobody's business. */
const bare = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], HOME: place("home"), ...more });

async function expectDaemon(engine: Engine): Promise<void> {
  await using opened = engine;
  const answers = await Promise.all(Array.from({ length: 8 }, () => opened.info()));
  expect(answers.map(({ version }) => version)).toEqual(Array(8).fill(dockerd.version));
}

describe("ways to a daemon", () => {
  it("is a unix socket", async () => {
    await expectDaemon(await remote(bare({}), dockerd.host));
  });

  it("is TCP with TLS, as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say", async () => {
    const engine = await remote(bare({ DOCKER_HOST: dockerd.tlsHost, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates.client }));
    expect(engine.host).toBe("127.0.0.1");
    await expectDaemon(engine);
  });

  it("is a docker context with TLS files of its own", async () => {
    const environment = { ...process.env, DOCKER_CONFIG: place("config") };
    const files = `ca=${certificates.client}/ca.pem,cert=${certificates.client}/cert.pem,key=${certificates.client}/key.pem`;
    await run("docker", ["context", "create", "secure", "--docker", `host=${dockerd.tlsHost},${files}`], environment);
    await expectDaemon(await remote(bare({ DOCKER_CONFIG: place("config"), DOCKER_CONTEXT: "secure" })));
    await run("docker", ["context", "use", "secure"], environment);
    await expectDaemon(await remote(bare({ DOCKER_CONFIG: place("config") })));
  });

  it("is what ~/.testcontainers.properties says", async () => {
    await mkdir(place("home"), { recursive: true });
    const escaped = dockerd.tlsHost!.replaceAll(":", "\\:");
    await writeFile(
      place("home", ".testcontainers.properties"),
      `docker.host=${escaped}\ndocker.tls.verify=1\ndocker.cert.path=${certificates.client}\n`,
    );
    await expectDaemon(await remote(bare({})));
    await rm(place("home", ".testcontainers.properties"));
  });

  it("is the rootless daemon's socket in XDG_RUNTIME_DIR", async () => {
    await mkdir(place("run"));
    await symlink(dockerd.host.slice("unix://".length), place("run", "docker.sock"));
    await expectDaemon(await remote(bare({ XDG_RUNTIME_DIR: place("run") })));
  });

  it("is ssh, which forwards the daemon's socket", async () => {
    const engine = await remote(bare({ PATH: ssh.environment["PATH"] }), ssh.url);
    expect(engine.host).toBe("127.0.0.1");
    await engine.info();
    expect(await sshProcesses("docker.sock:")).toHaveLength(1);
    await expectDaemon(engine);
    expect(await sshProcesses("docker.sock:")).toHaveLength(0);
  });

  it("is ssh with the socket's path", async () => {
    await expectDaemon(await remote(bare({ PATH: ssh.environment["PATH"] }), `${ssh.url}${dockerd.host.slice("unix://".length)}`));
  });

  it("is ssh with docker's dial-stdio, where no socket can be forwarded", async () => {
    const secure = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates.client };
    await using other = await startSshServer(place("ssh-stdio"), { DOCKER_HOST: dockerd.tlsHost!, ...secure });
    const engine = await remote(bare({ PATH: other.environment["PATH"] }), other.url);
    await engine.info();
    expect((await sshProcesses("dial-stdio")).length).toBeGreaterThan(0);
    await expectDaemon(engine);
    expect(await sshProcesses("dial-stdio")).toHaveLength(0);
  });

  it("ends the ssh of a process that was killed", async () => {
    const script = `const { openEngine } = await import("./dist/engine/index.js");
      const engine = await openEngine({ host: process.argv[1] });
      await engine.info();
      process.kill(process.pid, "SIGKILL");`;
    const killed = run(process.execPath, ["--input-type=module", "--eval", script, ssh.url], { PATH: ssh.environment["PATH"]! });
    await expect(killed).rejects.toMatchObject({ signal: "SIGKILL" });
    await expect.poll(() => sshProcesses("docker.sock:"), { timeout: 20_000 }).toEqual([]);
  });
});

/** Of this file's servers. */
async function sshProcesses(word: string): Promise<number[]> {
  return processesWhere(async (pid) => {
    const line = await commandLine(pid);
    return line.includes(word) && line.includes(directory) && /ssh -F /.test(line);
  });
}

describe("what is wrong on the way", () => {
  const refused = (environment: NodeJS.ProcessEnv, host?: string): Promise<unknown> =>
    remote(bare(environment), host).then(
      () => "no error",
      (error: unknown) => error,
    );

  it("tells every place that was tried, where there is no daemon", async () => {
    const error = await refused({ XDG_RUNTIME_DIR: place("nothing"), DOCKER_CONFIG: place("nothing") });
    expect(error).toMatchObject({ code: "ENGINE_UNAVAILABLE", remedy: expect.stringContaining("DOCKER_HOST") });
    const { message } = error as Error;
    for (const socket of [
      place("nothing", "docker.sock"),
      place("nothing", "podman/podman.sock"),
      place("home", ".colima/default/docker.sock"),
    ])
      expect(message).toContain(socket);
  });

  it("asks one daemon alone, where the environment names one", async () => {
    const error = await refused({ DOCKER_HOST: `unix://${place("nothing.sock")}`, XDG_RUNTIME_DIR: place("run") });
    expect(error).toMatchObject({ code: "ENGINE_UNAVAILABLE", facts: { tried: [{ engine: "remote" }] } });
    expect((error as Error).message).toMatch(/DOCKER_HOST.*there is no such socket/s);
  });

  it.each(["docker.sock", "ftp://host", "unix://relative", "tcp://", "ssh://-oProxyCommand=x/", "ssh://host/a;b"])(
    "refuses the DOCKER_HOST %s",
    async (host) => {
      expect(await refused({ DOCKER_HOST: host })).toMatchObject({ code: "OPTION_INVALID", facts: { option: "DOCKER_HOST", value: host } });
    },
  );

  it("names the contexts, where DOCKER_CONTEXT names none of them", async () => {
    const error = await refused({ DOCKER_CONFIG: place("config"), DOCKER_CONTEXT: "mistaken" });
    expect(error).toMatchObject({ code: "OPTION_INVALID", facts: { option: "DOCKER_CONTEXT", allowed: ["default", "secure"] } });
  });

  it("says who may use a socket that it may not", async () => {
    const socket = place("locked.sock");
    await chmod(directory, 0o755);
    const server = createServer().listen(socket);
    await once(server, "listening");
    await chown(socket, 0, 4);
    await chmod(socket, 0o660);
    process.seteuid!(65_534);
    try {
      const error = await refused({ DOCKER_HOST: `unix://${socket}` });
      expect(error).toMatchObject({ code: "ENGINE_UNAVAILABLE", remedy: expect.stringMatching(/group adm.*usermod -aG adm/) });
    } finally {
      process.seteuid!(0);
      server.close();
    }
  });

  const secure = (directory: string): NodeJS.ProcessEnv => ({
    DOCKER_HOST: dockerd.tlsHost,
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: directory,
  });

  /** The client's files, changed. */
  async function copyOfClient(name: string, change: (file: (name: string) => string) => Promise<unknown>): Promise<string> {
    const copy = place(name);
    await mkdir(copy);
    for (const file of ["ca.pem", "cert.pem", "key.pem"])
      await writeFile(path.join(copy, file), await readFile(path.join(certificates.client, file)));
    await change((file) => path.join(copy, file));
    return copy;
  }

  it.each([
    ["ca.pem", "missing", /ca\.pem.*no such file/],
    ["cert.pem", "missing", /cert\.pem.*no such file/],
    ["key.pem", "missing", /key\.pem.*no such file/],
    ["ca.pem", "garbage", /ca\.pem.*no certificate/],
    ["cert.pem", "garbage", /cert\.pem.*no certificate/],
    ["key.pem", "garbage", /key\.pem.*no private key/],
  ])("names %s, which is %s", async (name, fault, message) => {
    const files = await copyOfClient(`${fault}-${name}`, (file) =>
      fault === "missing" ? rm(file(name)) : writeFile(file(name), "garbage"),
    );
    const error = await refused(secure(files));
    expect(error).toMatchObject({ code: "OPTION_INVALID", facts: { option: "DOCKER_CERT_PATH" }, message: expect.stringMatching(message) });
  });

  it("names a key that is another certificate's", async () => {
    const files = await copyOfClient("swapped", async (file) =>
      writeFile(file("key.pem"), await readFile(`${certificates.server}/key.pem`)),
    );
    expect(await refused(secure(files))).toMatchObject({ code: "OPTION_INVALID", message: expect.stringMatching(/not the key of/) });
  });

  it("tells certificates of another authority apart: the daemon's, and the client's", async () => {
    const other = await makeCertificates(place("other-authority"));
    expect(await refused(secure(other.client))).toMatchObject({ code: "ENGINE_UNAVAILABLE", remedy: expect.stringMatching(/ca\.pem/) });
    const stranger = await copyOfClient("stranger", async (file) => {
      for (const name of ["cert.pem", "key.pem"]) await writeFile(file(name), await readFile(path.join(other.client, name)));
    });
    expect(await refused(secure(stranger))).toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      remedy: expect.stringMatching(/client certificate/),
    });
    const nobody = await copyOfClient("nobody", async (file) => {
      for (const name of ["cert.pem", "key.pem"]) await rm(file(name));
    });
    expect(await refused(secure(nobody))).toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      remedy: expect.stringMatching(/client certificate/),
    });
  });

  it("tells TLS from none", async () => {
    expect(await refused({ DOCKER_HOST: dockerd.tlsHost })).toMatchObject({
      code: "ENGINE_UNAVAILABLE",
      remedy: expect.stringMatching(/DOCKER_TLS_VERIFY=1/),
    });
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const error = await refused({ ...secure(certificates.client), DOCKER_HOST: `tcp://127.0.0.1:${port}` });
    server.close();
    expect(error).toMatchObject({ code: "ENGINE_UNAVAILABLE", remedy: expect.stringMatching(/unset DOCKER_TLS_VERIFY/) });
  });

  it("keeps the words of ssh, and prompts for nothing", async () => {
    // The machine's own ssh has never seen this server.
    const error = await refused({}, ssh.url);
    expect(error).toMatchObject({ code: "ENGINE_UNAVAILABLE", message: expect.stringMatching(/Host key verification failed/) });
  });

  it("says that the other side has neither socket nor docker", async () => {
    await using other = await startSshServer(place("ssh-bare"), { PATH: "/nonexistent:/bin", DOCKER_HOST: "" });
    const error = await refused({ PATH: other.environment["PATH"] }, `${other.url}${place("nothing.sock")}`);
    expect(error).toMatchObject({ code: "ENGINE_UNAVAILABLE", message: expect.stringMatching(/there is no socket .*nothing\.sock/) });
  });
});
