/** `login` and `logout` with Debian's docker-registry: user names and passwords, tokens, credential helpers, and docker's own config.json. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { busyboxRootfs } from "../fixtures/busybox-image.js";
import { type CommandLine, commandLine } from "../fixtures/command-line.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";
import { startTokenServer, type TokenServer } from "../fixtures/token-server.js";

const run = promisify(execFile);
const WARNING = expect.stringContaining("stored unencrypted");
let directory: string;
let config: string;
let basic: Registry;
let tokens: TokenServer;
let byToken: Registry;
let caisson: CommandLine;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-login-"));
  config = path.join(directory, "docker", "config.json");
  const { stdout: hash } = await run("perl", ["-e", "print crypt(q(se:cret), q($2y$05$abcdefghijklmnopqrstuu))"]);
  await writeFile(path.join(directory, "htpasswd"), `user:${hash}\n`);
  for (const name of ["basic", "token", "helpers"]) await mkdir(path.join(directory, name));
  const htpasswd = { realm: "test", path: path.join(directory, "htpasswd") };
  basic = await startRegistry(path.join(directory, "basic", "storage"), path.join(directory, "basic"), { htpasswd });
  tokens = await startTokenServer(directory, "user", "se:cret");
  byToken = await startRegistry(path.join(directory, "token", "storage"), path.join(directory, "token"), tokens.auth);
  await writeFile(path.join(directory, "helpers", "docker-credential-files"), HELPER);
  await chmod(path.join(directory, "helpers", "docker-credential-files"), 0o755);
  caisson = commandLine(path.join(directory, "home"), {
    CAISSON_ENGINE: "builtin",
    DOCKER_CONFIG: path.join(directory, "docker"),
    HELPER_DIRECTORY: path.join(directory, "helpers"),
    PATH: `${path.join(directory, "helpers")}:${process.env["PATH"]}`,
  });
  await writeFile(path.join(directory, "busybox.tar"), await busyboxRootfs());
  await caisson.said("import", path.join(directory, "busybox.tar"), `${basic.host}/team/base:1`);
  await caisson.said("tag", `${basic.host}/team/base:1`, `${byToken.host}/team/base:1`);
});
beforeEach(() => rm(path.join(directory, "docker"), { recursive: true, force: true }));
afterAll(async () => {
  await byToken?.[Symbol.asyncDispose]();
  await tokens?.[Symbol.asyncDispose]();
  await basic?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Keeps what it is told in a file. */
const HELPER = `#!/bin/sh
cd "$HELPER_DIRECTORY" || exit 1
case $1 in
  store) cat >secret ;;
  get) [ -e secret ] || { echo 'credentials not found in native keychain'; exit 1; }; cat secret ;;
  erase) rm -f secret ;;
esac
`;

const login = (server: string, password = "se:cret", ...flags: string[]) =>
  caisson.run(["login", "-u", "user", "--password-stdin", ...flags, server], `${password}\n`);

describe.each([
  ["a user name and a password", () => basic.host],
  ["a token", () => byToken.host],
])("a registry that wants %s", (_, host) => {
  it("is logged in to, pushed to and logged out of", async () => {
    expect((await caisson.run(["push", `${host()}/team/base:1`])).stderr).toContain("caisson login");
    const wrong = await login(host(), "guessed");
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("does not take these credentials (401)")]);
    expect(await login(`http://${host()}/v2/`)).toEqual({ code: 0, stdout: "Login Succeeded\n", stderr: WARNING });
    expect(JSON.parse(await readFile(config, "utf8"))).toEqual({ auths: { [host()]: { auth: btoa("user:se:cret") } } });
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect(await caisson.said("push", "-q", `${host()}/team/base:1`)).toMatch(/^sha256:/);
    const again = await caisson.run(["login", host()]);
    expect(again).toEqual({ code: 0, stdout: "Login Succeeded\n", stderr: "Authenticating with existing credentials...\n" });
    expect(await caisson.said("logout", host())).toBe(`Removing login credentials for ${host()}`);
    expect(JSON.parse(await readFile(config, "utf8"))).toEqual({ auths: {} });
    expect((await caisson.run(["push", `${host()}/team/base:1`])).code).toBe(1);
    const nobody = await caisson.run(["login", host()], "");
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining("no terminal to ask on")]);
  });
});

it("what docker has logged in to, Caisson may use, and the other way round", async () => {
  const docker = (...words: string[]) => run("docker", ["--config", path.join(directory, "docker"), ...words]);
  await mkdir(path.join(directory, "docker"));
  await writeFile(
    path.join(directory, "real.json"),
    JSON.stringify({ HttpHeaders: { a: "b" }, auths: { "other.example": { auth: "eDp5" } } }),
  );
  await symlink(path.join(directory, "real.json"), config);
  await chmod(path.join(directory, "real.json"), 0o640);
  expect((await login(basic.host)).code).toBe(0);
  expect(JSON.parse(await readFile(path.join(directory, "real.json"), "utf8"))).toEqual({
    HttpHeaders: { a: "b" },
    auths: { "other.example": { auth: "eDp5" }, [basic.host]: { auth: btoa("user:se:cret") } },
  });
  expect((await stat(config)).mode & 0o777).toBe(0o640);
  await docker("logout", basic.host);
  expect((await caisson.run(["push", `${basic.host}/team/base:1`])).code).toBe(1);
});

it("a credential helper has the secret, and config.json the name alone", async () => {
  await mkdir(path.join(directory, "docker"));
  await writeFile(config, JSON.stringify({ credHelpers: { [basic.host]: "files" } }));
  const secret = path.join(directory, "helpers", "secret");
  expect(await login(basic.host)).toEqual({ code: 0, stdout: "Login Succeeded\n", stderr: "" });
  expect(JSON.parse(await readFile(secret, "utf8"))).toEqual({ ServerURL: basic.host, Username: "user", Secret: "se:cret" });
  expect(JSON.parse(await readFile(config, "utf8"))).toMatchObject({ auths: { [basic.host]: {} } });
  expect(await caisson.said("push", "-q", `${basic.host}/team/base:1`)).toMatch(/^sha256:/);
  await caisson.said("logout", basic.host);
  expect(await caisson.said("logout", basic.host)).toBe(`Removing login credentials for ${basic.host}`);
  await expect(stat(secret)).rejects.toMatchObject({ code: "ENOENT" });
  await writeFile(config, JSON.stringify({ credsStore: "missing" }));
  const { code, stderr } = await login(basic.host);
  expect([code, stderr]).toEqual([1, expect.stringContaining("docker-credential-missing keeps no credentials")]);
  expect(stderr).not.toContain("se:cret");
});

it("flags that do not go together, or say too little, are told", async () => {
  for (const words of [["-p", "x", "--password-stdin", "-u", "x"], ["--password-stdin"], ["-u", "x"]])
    expect((await caisson.run(["login", ...words, basic.host], "x")).code).toBe(2);
  await mkdir(path.join(directory, "docker"));
  await writeFile(config, "no json: se:cret");
  const { code, stderr } = await login(basic.host);
  expect([code, stderr]).toEqual([1, expect.stringContaining("it is no JSON object")]);
  expect(stderr).not.toContain("se:cret");
  expect((await login("127.0.0.1:1")).stderr).toContain("can't be reached");
});
