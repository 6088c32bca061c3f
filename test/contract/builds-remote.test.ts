/** What builds fetch: ADD from URLs and git repositories, and contexts that are somewhere else. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { git, gitHttpBackend, startGitDaemon } from "../fixtures/git-server.js";
import { startWebServer, type WebServer } from "../fixtures/web-server.js";
import { needsBuildkit, useBuilds } from "./build-bench.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

const sha256 = (content: string | Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mode: 0o640, uid: 5, gid: 6 }, content);
  tar.finalize();
  return buffer(tar as unknown as AsyncIterable<Uint8Array>);
}

const compressedBy = (program: string, bytes: Buffer) => execFileSync(program, ["-c"], { input: bytes, maxBuffer: 1 << 26 });

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);
  const { context, build, contents, stepsRun, failure } = useBuilds(bench);
  needsBuildkit(bench);
  let web: WebServer;

  beforeEach(async () => {
    web = await startWebServer();
  });
  afterEach(() => web[Symbol.asyncDispose]());

  describe("ADD of archives", () => {
    it("unpacks them however they are compressed, and only what is really one", async () => {
      const tar = await tarOf({ "in/side": "deep" });
      const files = {
        ...{ plain: tar, gz: gzipSync(tar), bz2: compressedBy("bzip2", tar), xz: compressedBy("xz", tar), zst: compressedBy("zstd", tar) },
        ...{ "text.xz": compressedBy("xz", Buffer.from("no archive")), "broken.bz2": compressedBy("bzip2", tar).subarray(0, 40) },
      };
      const image = await build("FROM busybox\nADD plain gz /1/\nADD bz2 /2/\nADD xz /3/\nADD zst /4/\nADD text.xz broken.bz2 /5/\n", {
        files,
      });
      expect(await contents(image, "cat /1/in/side /2/in/side /3/in/side /4/in/side; stat -c '%a %u:%g' /3/in/side; ls /5")).toBe(
        "deepdeepdeepdeep640 5:6\nbroken.bz2\ntext.xz\n",
      );
    });

    it("unpacks those of URLs where it is told to, and leaves local ones alone where it is told to", async () => {
      const tar = gzipSync(await tarOf({ x: "1" }));
      web.files.set("/a.tgz", { content: tar });
      const image = await build(
        `FROM busybox\nADD ${web.url}/a.tgz /1/\nADD --unpack ${web.url}/a.tgz /2/\nADD --unpack=false local.tgz /3/\nADD --unpack=true --chown=7:8 local.tgz /4/\n`,
        { files: { "local.tgz": tar } },
      );
      expect(await contents(image, "ls /1 /2 /3 /4")).toBe("/1:\na.tgz\n\n/2:\nx\n\n/3:\nlocal.tgz\n\n/4:\nx\n");
    });

    it("a context may be a tar that is compressed in any of these ways", async () => {
      const tar = await tarOf({ Dockerfile: "FROM busybox\nCOPY f /f\n", f: "from a tar" });
      for (const archive of [compressedBy("bzip2", tar), compressedBy("xz", tar), compressedBy("zstd", tar)]) {
        const { image } = await bench.engine.images.build({
          tar: (async function* () {
            yield archive;
          })(),
        });
        expect(await contents(image, "cat /f")).toBe("from a tar");
      }
    });
  });

  describe("ADD of URLs", () => {
    it("names the file by the URL's path, and keeps its time", async () => {
      web.files.set("/dir/a%20file.txt", { content: "fetched", lastModified: "Thu, 01 Jan 2015 00:00:00 GMT" });
      web.files.set("/moved", { content: "", redirect: "/dir/a%20file.txt" });
      const url = `${web.url}/dir/a%20file.txt`;
      const image = await build(
        `FROM busybox\nADD ${url}?query=1 /1/\nADD --chmod=644 --chown=3:4 ${url} /2\nADD ${web.url}/moved /3/\nADD ${url} ${web.url}/moved /4/\n`,
      );
      expect(await contents(image, "cat '/1/a file.txt' /2 /3/moved; stat -c '%a %u %Y' '/1/a file.txt' /2; ls /4")).toBe(
        "fetchedfetchedfetched600 0 1420070400\n644 3 1420070400\na file.txt\nmoved\n",
      );
    });

    it("asks again by ETag, fetches nothing that has not changed, and everything that has", async () => {
      web.files.set("/f", { content: "one", etag: true });
      const place = await context({ Dockerfile: `FROM busybox\nADD ${web.url}/f /f\nRUN cat /f\n` });
      expect(await stepsRun(place)).toHaveLength(2);
      expect(await stepsRun(place)).toEqual([]);
      expect(web.answers).toEqual(["GET /f 200", "GET /f 304"]);
      web.files.set("/f", { content: "two", etag: true });
      expect(await stepsRun(place)).toHaveLength(2);
      // What a new place for the file needs is fetched although the server says that it is the same.
      expect(await contents(await build(`FROM busybox\nADD ${web.url}/f /g\n`), "cat /g")).toBe("two");
      expect(web.answers.slice(2)).toEqual(["GET /f 200", "GET /f 304", "GET /f 200"]);
    });

    it("with a checksum asks nobody before the file is needed, and takes no other", async () => {
      web.files.set("/f", { content: "content" });
      const place = await context({ Dockerfile: `FROM busybox\nADD --checksum=${sha256("content")} ${web.url}/f /f\n` });
      expect(await stepsRun(place)).toHaveLength(1);
      expect(await stepsRun(place)).toEqual([]);
      expect(web.answers).toEqual(["GET /f 200"]);
      const found = await failure(`FROM busybox\nADD --checksum=${sha256("other")} ${web.url}/f /f\n`);
      expect(found).toMatchObject({ code: "BUILD_FAILED", facts: { line: 2 } });
      expect(found.message).toContain(`has digest ${sha256("content")}, but ${sha256("other")} was promised`);
    });

    it("shows secrets for a host to that host", async () => {
      web.files.set("/token", { content: "by token", authorization: "Bearer t0ken" });
      web.files.set("/header", { content: "by header", authorization: "Basic abc" });
      const token = await build(`FROM busybox\nADD ${web.url}/token /f\n`, {
        secrets: { [`HTTP_AUTH_TOKEN_${web.host}`]: { value: "t0ken" } },
      });
      expect(await contents(token, "cat /f")).toBe("by token");
      const header = await build(`FROM busybox\nADD ${web.url}/header /f\n`, {
        secrets: { "HTTP_AUTH_HEADER_127.0.0.1": { value: "Basic abc" } },
      });
      expect(await contents(header, "cat /f")).toBe("by header");
      expect((await failure(`FROM busybox\nADD ${web.url}/token /f\n`)).message).toContain(`${web.url}/token answers 401`);
    });

    it.each([
      ["a file that is not there", (url: string) => `ADD ${url}/none /f`, "BUILD_FAILED", "/none answers 404"],
      [
        "a server that is not there",
        () => "ADD http://127.0.0.1:9/x /f",
        "BUILD_FAILED",
        "http://127.0.0.1:9/x can't be fetched: connect ECONNREFUSED",
      ],
      ["COPY of a URL", (url: string) => `COPY ${url}/f /f`, "DOCKERFILE_INVALID", "source can't be a URL for COPY"],
      ["a checksum that is none", (url: string) => `ADD --checksum=abc ${url}/f /f`, "DOCKERFILE_INVALID", "invalid checksum: abc"],
      [
        "a checksum of a local file",
        () => `ADD --checksum=${sha256("")} Dockerfile /f`,
        "DOCKERFILE_INVALID",
        "checksum requires HTTP(S) or Git sources",
      ],
      [
        "a checksum of several",
        (url: string) => `ADD --checksum=${sha256("")} ${url}/a ${url}/b /f/`,
        "DOCKERFILE_INVALID",
        "for multiple sources",
      ],
      ["COPY of a repository", () => "COPY https://127.0.0.1:9/x.git /f", "DOCKERFILE_INVALID", "source can't be a git ref for COPY"],
      ["a repository that is not there", () => "ADD git://127.0.0.1:9/x /f", "BUILD_FAILED", "ADD failed: "],
    ])("%s fails where it stands", async (_, instruction, code, message) => {
      const found = await failure(`FROM busybox\n${instruction(web.url)}`);
      expect(found).toMatchObject({ code, message: expect.stringContaining(message), facts: { line: 2 } });
      expect(found.message).toMatch(/^Dockerfile:2: /);
    });
  });

  describe("git", () => {
    let base: string;
    let first: string;
    let second: string;
    let repository: string;

    beforeAll(async () => {
      base = await mkdtemp(path.join(tmpdir(), "caisson-git-"));
      repository = path.join(base, "one.git");
      await mkdir(path.join(repository, "sub"), { recursive: true });
      await git(repository, "init", "-q");
      await writeFile(path.join(repository, "f"), "first\n");
      await writeFile(path.join(repository, "sub/run"), "#!/bin/sh\n", { mode: 0o755 });
      await writeFile(path.join(repository, "Dockerfile"), "FROM busybox\nCOPY . /c/\n");
      await writeFile(path.join(repository, "sub/Dockerfile"), "FROM busybox\nCOPY . /c/\nRUN echo sub > /name\n");
      await symlink("/etc", path.join(repository, "outside"));
      await git(repository, "add", ".");
      await git(repository, "commit", "-qm", "first");
      await git(repository, "tag", "-am", "annotated", "v1");
      first = await git(repository, "rev-parse", "HEAD");
      await writeFile(path.join(repository, "f"), "second\n");
      await git(repository, "commit", "-qam", "second");
      await git(repository, "branch", "other");
      second = await git(repository, "rev-parse", "HEAD");
    });
    afterAll(() => rm(base, { recursive: true, force: true }));

    it("ADD takes a branch, a tag, a commit, a directory of a repository", async () => {
      const url = `file://${repository}`;
      const image = await build(
        `FROM busybox\nADD ${url} /head\nADD ${url}#v1 /tag/\nADD ${url}#${first} /commit\nADD ${url}#other:sub /sub\nADD ${url}?branch=main&subdir=sub /query\nADD --chown=3:4 --chmod=700 ${url}#refs/heads/other /ref\n`,
      );
      const script =
        "cat /head/f /tag/f /commit/f /ref/f; ls /sub /query; ls -a /head; stat -c '%a %u' /sub/run /head/f /ref/f; readlink /head/outside";
      expect(await contents(image, script)).toBe(
        "second\nfirst\nfirst\nsecond\n/query:\nDockerfile\nrun\n\n/sub:\nDockerfile\nrun\n.\n..\nDockerfile\nf\noutside\nsub\n755 0\n644 0\n700 3\n/etc\n",
      );
    });

    it("ADD keeps .git where it is told to, with the remote in it", async () => {
      const image = await build(
        `FROM busybox\nADD --keep-git-dir=true file://${repository} /r\nADD file://${repository}?keep-git-dir=1 /q\n`,
      );
      expect(await contents(image, "cat /r/.git/HEAD; grep -c one.git /r/.git/config; cat /q/.git/HEAD")).toBe(`${second}\n1\n${second}\n`);
    });

    it("ADD checks the commit that was promised", async () => {
      const url = `file://${repository}`;
      await build(`FROM busybox\nADD --checksum=${first.slice(0, 12)} ${url}#v1 /r\nADD ${url}?checksum=${second} /q\n`);
      const found = await failure(`FROM busybox\nADD --checksum=${first} ${url}#main /r\n`);
      expect(found.message).toContain(`is at commit ${second}, but ${first} was promised`);
      expect((await failure(`FROM busybox\nADD ${url}#none /r\n`)).message).toContain("has no branch, tag or ref none");
      expect((await failure(`FROM busybox\nADD ${url}?sub=x /r\n`)).message).toContain('unexpected query "sub"');
      expect((await failure(`FROM busybox\nADD ${url}#main:none /r\n`)).message).toContain("the repository has no directory none");
      expect((await failure(`FROM busybox\nADD ${url}#main:outside /r\n`)).message).toContain("the repository has no directory outside");
    });

    it("ADD is cached by the commit: a new one is fetched, an old one is not", async () => {
      const place = await context({ Dockerfile: `FROM busybox\nADD file://${repository}#moving /moving\n` });
      await git(repository, "branch", "moving", first);
      expect(await stepsRun(place)).toHaveLength(1);
      expect(await stepsRun(place)).toEqual([]);
      await git(repository, "branch", "-f", "moving", second);
      expect(await stepsRun(place)).toHaveLength(1);
    });

    it("ADD fetches submodules", async () => {
      const outer = path.join(base, "outer.git");
      await mkdir(outer);
      await git(outer, "init", "-q");
      await git(outer, "submodule", "--quiet", "add", `file://${repository}`, "inner");
      await git(outer, "commit", "-qm", "with a submodule");
      const image = await build(`FROM busybox\nADD file://${outer} /o\nADD file://${outer}?submodules=false /p\n`);
      expect(await contents(image, "cat /o/inner/f; ls -a /o/inner | grep -c '^.git$'; ls /p/inner")).toBe("second\n0\n");
    });

    it("repositories are reached over git's protocol, and over HTTP with a secret for it", async () => {
      await using daemon = await startGitDaemon(base);
      const token = `basic ${Buffer.from("x-access-token:t0ken").toString("base64")}`;
      await using server = await startWebServer(gitHttpBackend(base, token));
      const options = { secrets: { GIT_AUTH_TOKEN: { value: "t0ken" } } };
      const image = await build(`FROM busybox\nADD ${daemon.url}/one.git#v1 /git\nADD ${server.url}/one.git#${first}:sub /http\n`, options);
      expect(await contents(image, "cat /git/f; ls /http")).toBe("first\nDockerfile\nrun\n");
      expect((await failure(`FROM busybox\nADD ${server.url}/one.git /http\n`)).code).toBe("BUILD_FAILED");
    });

    it("a context may be a repository, one of its commits and directories", async () => {
      const whole = (await bench.engine.images.build(`file://${repository}#v1`)).image;
      expect(await contents(whole, "cat /c/f; ls -a /c")).toBe("first\n.\n..\nDockerfile\nf\noutside\nsub\n");
      const below = (await bench.engine.images.build(`file://${repository}#main:sub`)).image;
      expect(await contents(below, "cat /name; ls /c")).toBe("sub\nDockerfile\nrun\n");
      expect(await stepsRun(`file://${repository}#main:sub`)).toEqual([]);
      const other = (await bench.engine.images.build(`file://${repository}`, { dockerfile: "sub/Dockerfile" })).image;
      expect(await contents(other, "cat /name; cat /c/f")).toBe("sub\nsecond\n");
      const kept = (await bench.engine.images.build(`file://${repository}`, { buildArgs: { BUILDKIT_CONTEXT_KEEP_GIT_DIR: "1" } })).image;
      expect(await contents(kept, "cat /c/.git/HEAD")).toBe(`${second}\n`);
      await expect(bench.engine.images.build(`file://${repository}#nowhere`)).rejects.toMatchObject({
        code: "PATH_NOT_FOUND",
        message: expect.stringContaining("has no branch, tag or ref nowhere"),
      });
    });

    it("a Dockerfile of a repository can't be a link to this host's files", async () => {
      await expect(bench.engine.images.build(`file://${repository}`, { dockerfile: "outside/hostname" })).rejects.toMatchObject({
        code: "PATH_NOT_FOUND",
        message: expect.stringContaining("leads out of the context"),
      });
    });
  });

  describe("contexts behind URLs", () => {
    it("are a tar, compressed or not, or a Dockerfile", async () => {
      const tar = await tarOf({ Dockerfile: "FROM busybox\nCOPY f /f\n", f: "from a tar", ".dockerignore": "x\n" });
      web.files.set("/c.tar", { content: tar });
      web.files.set("/c.tar.gz", { content: gzipSync(tar) });
      web.files.set("/file", { content: "FROM busybox\nRUN echo alone > /f\n" });
      for (const name of ["/c.tar", "/c.tar.gz"]) {
        expect(await contents((await bench.engine.images.build(web.url + name)).image, "cat /f")).toBe("from a tar");
      }
      expect(await contents((await bench.engine.images.build(`${web.url}/file`)).image, "cat /f")).toBe("alone\n");
      await expect(bench.engine.images.build(`${web.url}/none`)).rejects.toMatchObject({
        code: "PATH_NOT_FOUND",
        message: expect.stringContaining("/none answers 404"),
      });
    });

    it("may have names: archives are unpacked, other files are called context", async () => {
      web.files.set("/c.tgz", { content: gzipSync(await tarOf({ f: "unpacked" })) });
      web.files.set("/file", { content: "a file" });
      const image = await build("FROM busybox\nCOPY --from=archive /f /1\nCOPY --from=file /context /2\n", {
        contexts: { archive: `${web.url}/c.tgz`, file: `${web.url}/file`, unused: `${web.url}/none` },
      });
      expect(await contents(image, "cat /1 /2")).toBe("unpackeda file");
      expect(web.answers).not.toContain("GET /none 404");
    });
  });
});
