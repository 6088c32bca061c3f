/** What every engine owes about builds, whichever builder does them and however far away it is. */
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import type { BuildEvent, BuildOptions } from "../../src/engine/engine.js";
import { outputOf } from "../fixtures/output.js";
import { useBuilds } from "./build-bench.js";
import { ENGINES, ROUTES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each([...ENGINES, ...ROUTES])("$name: a build", (candidate) => {
  const bench = useEngine(candidate);
  const { context, build, contents, failure } = useBuilds(bench);

  it("makes an image that has the names, labels and configuration that it was given, and runs", async () => {
    const dockerfile = 'FROM busybox\nARG v=0\nENV V=$v\nRUN echo built $v >/f\nUSER app\nEXPOSE 80\nCMD ["cat", "/f"]\n';
    const image = await build(dockerfile, { tags: ["one", "two:2"], labels: { a: "b" }, buildArgs: { v: "7" } });
    expect(image.references.map((name) => name.replace(/^.*\//, ""))).toEqual(["one:latest", "two:2"]);
    expect(image.labels).toMatchObject({ a: "b" });
    expect(image.config).toMatchObject({ user: "app", command: ["cat", "/f"] });
    expect(image.config.env).toContain("V=7");
    expect(await outputOf(bench.engine, { image: "two:2" })).toBe("built 7\n");
    expect((await bench.engine.images.inspect("one")).id).toBe(image.id);
  });

  it("sees what the ignore file leaves of its context, and the mode of each file", async () => {
    const place = await context({
      "docker/app.Dockerfile": "FROM busybox\nCOPY . /c/\n",
      "docker/app.Dockerfile.dockerignore": "secret\n**/*.log\n!keep.log\n",
      ".dockerignore": "f\n",
      ...{ f: "1", secret: "2", "a.log": "3", "keep.log": "4", "d/b.log": "5", "d/c": "6" },
    });
    await writeFile(path.join(place, "run"), "#!/bin/sh\n", { mode: 0o755 });
    const { image } = await bench.engine.images.build(place, { dockerfile: "docker/app.Dockerfile" });
    expect(await contents(image, "cd /c && find . -type f | sort; stat -c '%a %u' run")).toBe(
      "./.dockerignore\n./d/c\n./docker/app.Dockerfile\n./docker/app.Dockerfile.dockerignore\n./f\n./keep.log\n./run\n755 0\n",
    );
  });

  it("takes a tar, compressed or not", async () => {
    const tar = pack();
    tar.entry({ name: "Dockerfile" }, "FROM busybox\nCOPY f /f\n");
    tar.entry({ name: "f" }, "from a tar");
    tar.finalize();
    const bytes = await buffer(tar as unknown as AsyncIterable<Uint8Array>);
    for (const archive of [bytes, gzipSync(bytes)]) {
      const { image } = await bench.engine.images.build({ tar: oneChunk(archive) });
      expect(await contents(image, "cat /f")).toBe("from a tar");
    }
  });

  it("gets files of megabytes whole", async () => {
    const file = randomBytes(3 << 20);
    const image = await build("FROM busybox\nCOPY big /big\n", { files: { big: file } });
    expect(await contents(image, "sha256sum </big")).toContain(createHash("sha256").update(file).digest("hex"));
  });

  it("ends at the stage that it was told, and tells what its commands print", async () => {
    const events: BuildEvent[] = [];
    const dockerfile = "FROM busybox AS first\nRUN echo said so >/dev/stdout; echo 1 >/f\nFROM first\nRUN exit 1\n";
    const image = await build(dockerfile, { target: "first", noCache: true, progress: (event) => events.push(event) });
    expect(await contents(image, "cat /f")).toBe("1\n");
    const output = events.flatMap((event) => (event.type === "output" ? [event.text] : [])).join("");
    expect(output).toContain("said so");
    expect(events.filter(({ type }) => type === "step").length).toBeGreaterThan(0);
  });

  it("does what has not changed from the cache", async () => {
    const place = await context({ Dockerfile: "FROM busybox\nCOPY f /f\nRUN cat /proc/sys/kernel/random/uuid >/id\n", f: "1" });
    const first = await bench.engine.images.build(place);
    expect((await bench.engine.images.build(place)).image.id).toBe(first.image.id);
    await writeFile(path.join(place, "f"), "2");
    expect((await bench.engine.images.build(place)).image.id).not.toBe(first.image.id);
  });

  it.each([
    ["a mistake", "FROM busybox\nRUNN x\n", "DOCKERFILE_INVALID", "RUNN"],
    ["a file that is not there", "FROM busybox\nCOPY nothing /x\n", "BUILD_FAILED", "nothing"],
    ["a command that fails", "FROM busybox\nRUN echo said so; exit 3\n", "BUILD_FAILED", "said so"],
  ])("fails because of %s, says where, and leaves no image", async (_, dockerfile, code, message) => {
    const found = await failure(dockerfile);
    expect(found.message).toContain(message);
    expect(found).toMatchObject({ code, facts: { line: 2 } });
  });

  it("refuses options that there are not, and contexts that are not there", async () => {
    expect((await failure("FROM busybox\n", { buildArg: {} } as BuildOptions)).message).toContain("buildArg");
    await expect(bench.engine.images.build("/no/such/context")).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
    await expect(bench.engine.images.build(await context({}))).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
  });

  it("can be aborted while a command runs", async () => {
    const abort = new AbortController();
    const building = build("FROM busybox\nRUN echo begun; sleep 20\n", {
      noCache: true,
      signal: abort.signal,
      progress: (event) => event.type === "output" && event.text.includes("begun") && abort.abort(),
    });
    await expect(building).rejects.toMatchObject({ code: "ABORTED" });
  });
});

async function* oneChunk(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
