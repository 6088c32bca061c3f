/** Files of private keys stand in for an agent: OpenSSH's own programs make them, sign with them and check what was signed. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { resolveCommit } from "../../src/engine/build-context/git-repository.js";
import { parseGitSource } from "../../src/engine/build-context/git-source.js";
import { listenForAgent } from "../../src/engine/build-context/ssh/agent-socket.js";
import { answer } from "../../src/engine/build-context/ssh/key-agent.js";
import { openAgent } from "../../src/engine/build-context/ssh/open-agent.js";
import { parsePrivateKey } from "../../src/engine/build-context/ssh/private-key.js";
import { startAgent } from "../fixtures/ssh-agent.js";

const run = promisify(execFile);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-ssh-keys-"));
});

afterEach(() => rm(directory, { recursive: true }));

async function keygen(name: string, ...flags: string[]): Promise<string> {
  const file = path.join(directory, name);
  await run("ssh-keygen", ["-q", "-N", "", "-C", `the ${name}`, ...flags, "-f", file]);
  return file;
}

/** @returns what `ssh-add -l` says of the keys, and who signed as ssh-keygen finds */
async function use(files: readonly string[], hash?: string): Promise<{ listed: string; signers: string[] }> {
  const agent = await openAgent(files);
  expect(agent.socket).toBeUndefined();
  const { socket, close } = await listenForAgent(agent, path.join(directory, "agent"));
  try {
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    const { stdout: listed } = await run("ssh-add", ["-l"], { env });
    const signers: string[] = [];
    for (const file of files) {
      const message = path.join(directory, "message");
      await writeFile(message, `of ${file}`);
      // The private key is out of its reach: the agent has to sign.
      const publicKey = path.join(directory, "alone", `${path.basename(file)}.pub`);
      await mkdir(path.dirname(publicKey), { recursive: true });
      await writeFile(publicKey, await readFile(`${file}.pub`));
      await run("ssh-keygen", ["-q", "-Y", "sign", "-n", "test", "-f", publicKey, ...(hash ? ["-O", `hashalg=${hash}`] : []), message], {
        env,
      });
      const allowed = path.join(directory, "allowed");
      await writeFile(allowed, `${path.basename(file)} ${await readFile(publicKey, "utf8")}`);
      const verify = run("ssh-keygen", ["-q", "-Y", "find-principals", "-f", allowed, "-s", `${message}.sig`]);
      signers.push((await verify).stdout.trim());
      const check = run("ssh-keygen", [
        "-q",
        "-Y",
        "verify",
        "-n",
        "test",
        "-f",
        allowed,
        "-I",
        path.basename(file),
        "-s",
        `${message}.sig`,
      ]);
      check.child.stdin?.end(`of ${file}`);
      await check;
      await rm(`${message}.sig`);
    }
    return { listed, signers };
  } finally {
    await close();
  }
}

describe("a private key", () => {
  it.each([
    ["ed25519", "ED25519", ["-t", "ed25519"]],
    ["rsa", "RSA", ["-t", "rsa", "-b", "2048"]],
    ["ecdsa 256", "ECDSA", ["-t", "ecdsa", "-b", "256"]],
    ["ecdsa 384", "ECDSA", ["-t", "ecdsa", "-b", "384"]],
    ["ecdsa 521", "ECDSA", ["-t", "ecdsa", "-b", "521"]],
    ["rsa in PEM", "RSA", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["ecdsa in PEM", "ECDSA", ["-t", "ecdsa", "-m", "PEM"]],
    ["rsa in PKCS 8", "RSA", ["-t", "rsa", "-b", "2048", "-m", "PKCS8"]],
  ])("of %s is known and signs", async (name, kind, flags) => {
    const file = await keygen(name.replaceAll(" ", "-"), ...flags);
    const { stdout } = await run("ssh-keygen", ["-l", "-f", `${file}.pub`]);
    const [, fingerprint = ""] = stdout.split(" ");
    const { listed, signers } = await use([file]);
    expect(listed).toContain(`${fingerprint} `);
    expect(listed).toContain(`(${kind})`);
    expect(signers).toEqual([path.basename(file)]);
  });

  it("of ecdsa signs whatever zeros its numbers begin with", async () => {
    const file = await keygen("ecdsa", "-t", "ecdsa");
    for (let round = 0; round < 20; round++) expect((await use([file])).signers).toEqual(["ecdsa"]);
  });

  it.each(["sha256", "sha512"])("of rsa signs by %s", async (hash) => {
    const file = await keygen("rsa", "-t", "rsa", "-b", "2048");
    expect((await use([file], hash)).signers).toEqual(["rsa"]);
  });

  it("is one among several, in their order", async () => {
    const files = [await keygen("one", "-t", "ed25519"), await keygen("two", "-t", "ecdsa")];
    const { listed, signers } = await use(files);
    expect(listed).toMatch(/the one \(ED25519\)\n.*the two \(ECDSA\)\n$/);
    expect(signers).toEqual(["one", "two"]);
  });

  it("with a passphrase is refused, in either form", async () => {
    for (const [name, ...flags] of [["own"], ["pem", "-m", "PEM"]]) {
      const file = path.join(directory, name as string);
      await run("ssh-keygen", ["-q", "-N", "a secret", "-t", "rsa", "-b", "2048", ...flags, "-f", file]);
      await expect(openAgent(file)).rejects.toThrow(/it has a passphrase: add it to ssh-agent by ssh-add/);
    }
  });

  it("that is damaged is refused, or another key", async () => {
    const file = await keygen("key", "-t", "ed25519");
    const text = await readFile(file, "utf8");
    const body = Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
    const wrapped = (data: Buffer) =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${data.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
    const { blob } = parsePrivateKey(text, "key");
    for (let at = 0; at < body.length; at++) {
      const broken = Buffer.from(body);
      broken[at] = (broken[at] as number) ^ 0xff;
      for (const data of [broken, body.subarray(0, at)]) {
        try {
          expect(parsePrivateKey(wrapped(data), "key").blob).toHaveLength(blob.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).name).not.toBe("AssertionError");
        }
      }
    }
  });
});

it("git finds the keys in an agent, and it is gone with git", async () => {
  const file = await keygen("key", "-t", "ed25519");
  const ssh = path.join(directory, "ssh");
  const seen = path.join(directory, "seen");
  // In place of ssh, which would have to have somewhere to go.
  await writeFile(ssh, `#!/bin/sh\necho $SSH_AUTH_SOCK >${seen}; ssh-add -L >>${seen}; exit 1\n`, { mode: 0o755 });
  vi.stubEnv("GIT_SSH", ssh);
  try {
    const source = parseGitSource("ssh://git@example.test/repository.git");
    const given = { ssh: { default: [file] }, signal: new AbortController().signal };
    await expect(resolveCommit(source as NonNullable<typeof source>, given)).rejects.toThrow("Could not read from remote repository");
  } finally {
    vi.unstubAllEnvs();
  }
  const [socket = "", publicKey] = (await readFile(seen, "utf8")).split("\n");
  expect(publicKey).toBe((await readFile(`${file}.pub`, "utf8")).trim());
  await expect(access(socket)).rejects.toThrow("ENOENT");
});

describe("what is no private key", () => {
  it("is named with the reason", async () => {
    await writeFile(path.join(directory, "text"), "hello");
    await writeFile(path.join(directory, "long"), "x".repeat(200_000));
    await using agent = await startAgent("a key");
    const file = await keygen("key", "-t", "ed25519");
    const refused = (given: string | string[]) =>
      openAgent(given).then(
        () => "taken",
        (error: Error) => error.message.replaceAll(directory, ""),
      );
    expect(await refused(path.join(directory, "none"))).toBe("/none is not there");
    expect(await refused(path.join(directory, "text"))).toBe("/text is no agent's socket and no private key: it is no private key");
    expect(await refused(path.join(directory, "long"))).toContain("it is too long for a key");
    expect(await refused(directory)).toContain("it is no file");
    expect(await refused([agent.socket, file])).toContain("expected one agent's socket, or private keys alone");
    expect(await refused(agent.socket)).toBe("taken");
  });
});

describe("the agent of keys", () => {
  it("says that it failed to whatever else is asked, and to what is cut off", async () => {
    const key = parsePrivateKey(await readFile(await keygen("key", "-t", "ed25519"), "utf8"), "key");
    const failure = Buffer.from([5]);
    expect(answer(Buffer.alloc(0), [key])).toEqual(failure);
    // All other requests: keys are not added, taken away, locked or shown.
    for (let type = 0; type < 256; type++) if (type !== 11) expect(answer(Buffer.from([type]), [key])).toEqual(failure);
    expect(answer(Buffer.from([13, 255, 255, 255, 255]), [key])).toEqual(failure);
  });

  it("ends a connection that announces more than messages have", async () => {
    const agent = await openAgent(await keygen("key", "-t", "ed25519"));
    const connection = agent.connect();
    const ended = new Promise((resolve) => connection.once("error", resolve));
    connection.write(Buffer.from([0x7f, 0, 0, 0]));
    expect(await ended).toMatchObject({ message: expect.stringContaining("bytes to an agent") });
  });
});
