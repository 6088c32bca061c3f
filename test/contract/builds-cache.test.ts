/** What belongs to a step's key and what does not, after BuildKit's rules. */

import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { BuildOptions } from "../../src/engine/engine.js";
import { changeOwner } from "../fixtures/rootless.js";
import { needsBuildkit, useBuilds } from "./build-bench.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each(ENGINES)("$name", (candidate) => {
  const bench = useEngine(candidate);
  const { context, build, contents, stepsRun } = useBuilds(bench);
  needsBuildkit(bench);

  /** Builds, changes something, builds again. @returns the steps that ran again */
  async function again(
    files: Readonly<Record<string, string>>,
    change: (place: string) => Promise<unknown> | BuildOptions,
    first: BuildOptions = {},
  ): Promise<string[]> {
    const place = await context(files);
    await stepsRun(place, first);
    const changed = change(place);
    return stepsRun(place, changed instanceof Promise ? (await changed, first) : changed);
  }

  describe("COPY: files of the context", () => {
    let count = 0;
    const copy = (instruction: string, files: Readonly<Record<string, string>> = { "d/f": "1", "d/g": "2" }) => ({
      // Each test has steps of its own.
      Dockerfile: `FROM busybox\nENV test=${++count}\n${instruction}\nRUN echo ${count}\n`,
      ...files,
    });
    const all = (instruction: string) => [instruction, `RUN echo ${count}`];

    it.each<[string, string, (place: string) => Promise<unknown>, boolean]>([
      ["the time of a file does not count", "COPY d /d", (place) => utimes(path.join(place, "d/f"), 1, 1), false],
      ["its mode counts", "COPY d /d", (place) => chmod(path.join(place, "d/f"), 0o600), true],
      ["the mode of a directory counts", "COPY . /x/", (place) => chmod(path.join(place, "d"), 0o700), true],
      ["its owner does not", "COPY d /d", (place) => changeOwner(path.join(place, "d/f"), 5, 6), false],
      ["its name counts", "COPY d /d", (place) => rename(path.join(place, "d/f"), path.join(place, "d/h")), true],
      ["its contents count", "COPY d /d", (place) => writeFile(path.join(place, "d/f"), "3"), true],
      ["contents of the same length count", "COPY d/f /f", (place) => writeFile(path.join(place, "d/f"), "x"), true],
      ["writing the same again does not", "COPY d /d", (place) => writeFile(path.join(place, "d/f"), "1"), false],
      ["a new file in a directory counts", "COPY d /d", (place) => writeFile(path.join(place, "d/new"), ""), true],
      ["an empty directory counts", "COPY d /d", (place) => mkdir(path.join(place, "d/empty")), true],
      [
        "a file that becomes a link counts",
        "COPY d /d",
        (place) => rm(path.join(place, "d/f")).then(() => symlink("g", path.join(place, "d/f"))),
        true,
      ],
      ["a file that nothing names does not", "COPY d /d", (place) => writeFile(path.join(place, "other"), "x"), false],
      ["what a pattern now finds counts", "COPY d/* /x/", (place) => writeFile(path.join(place, "d/new"), ""), true],
      ["what a pattern does not find does not", "COPY d/f* /x/", (place) => writeFile(path.join(place, "d/new"), ""), false],
      ["what is excluded does not", "COPY --exclude=g d /d", (place) => writeFile(path.join(place, "d/g"), "x"), false],
      ["what the ignore file takes away counts", "COPY d /d", (place) => writeFile(path.join(place, ".dockerignore"), "d/g"), true],
      ["what it ignores anyway does not", "COPY d /d", (place) => writeFile(path.join(place, ".dockerignore"), "nothing"), false],
    ])("%s", async (_, instruction, change, runs) => {
      expect(await again(copy(instruction), change)).toEqual(runs ? all(instruction) : []);
    });

    it("the name of the directory that they are copied from does not count", async () => {
      const place = await context(copy("COPY d /d"));
      await stepsRun(place);
      await rename(path.join(place, "d"), path.join(place, "e"));
      await writeFile(path.join(place, "Dockerfile"), `FROM busybox\nENV test=${count}\nCOPY e /d\nRUN echo ${count}\n`);
      expect(await stepsRun(place)).toEqual([]);
    });

    it.each([
      ["--chown", "COPY d /d", "COPY --chown=1:2 d /d"],
      ["--chmod", "COPY d /d", "COPY --chmod=700 d /d"],
      ["the destination", "COPY d /d", "COPY d /e"],
      ["ADD instead of COPY", "COPY d /d", "ADD d /d"],
    ])("%s counts", async (_, before, after) => {
      const files = copy(before);
      const place = await context(files);
      await stepsRun(place);
      await writeFile(path.join(place, "Dockerfile"), files.Dockerfile.replace(before, after));
      expect(await stepsRun(place)).toEqual(all(after));
    });
  });

  describe("COPY --link", () => {
    const text = (step: string, flags = "") => `FROM busybox\nRUN ${step}\nCOPY --link ${flags} f /d/f\n`;

    it("does not depend on what is below it", async () => {
      const place = await context({ Dockerfile: text("echo 1 > /linked"), f: "1" });
      expect(await stepsRun(place)).toHaveLength(2);
      await writeFile(path.join(place, "Dockerfile"), text("echo 2 > /linked"));
      expect(await stepsRun(place)).toEqual(["RUN echo 2 > /linked"]);
    });

    it("nor with an owner by number, but with one by name, which is looked up there", async () => {
      for (const [flags, steps] of [
        ["--chown=7:8", 1],
        ["--chown=app", 2],
      ] as const) {
        const place = await context({ Dockerfile: text(`echo 1 > /linked${flags}`, flags), f: "1" });
        await stepsRun(place);
        await writeFile(path.join(place, "Dockerfile"), text(`echo 2 > /linked${flags}`, flags));
        expect(await stepsRun(place)).toHaveLength(steps);
      }
    });

    it("replaces what is in its way, links too", async () => {
      const image = await build("FROM busybox\nRUN ln -s /tmp /d && echo old > /tmp/f\nCOPY --link f /d/f\n", { files: { f: "new" } });
      expect(await contents(image, "cat /d/f; cat /tmp/f; [ -L /d ] || echo directory")).toBe("newold\ndirectory\n");
    });
  });

  describe("RUN", () => {
    const step = (name: string) => ({ Dockerfile: `FROM busybox\nRUN echo ${name}\n` });

    it.each<[string, string, BuildOptions, BuildOptions, boolean]>([
      [
        "a secret's contents do not count",
        "--mount=type=secret,id=s",
        { secrets: { s: { value: "1" } } },
        { secrets: { s: { value: "2" } } },
        false,
      ],
      ["nor whether it is there", "--mount=type=secret,id=s", { secrets: { s: { value: "1" } } }, {}, false],
      ["a proxy does not", "", { buildArgs: { HTTPS_PROXY: "http://a" } }, { buildArgs: { https_proxy: "http://b" } }, false],
      ["the address of an extra host does not", "", hosts("h", "10.0.0.1"), hosts("h", "10.0.0.2"), false],
      ["its name does", "", hosts("h", "10.0.0.1"), hosts("i", "10.0.0.1"), true],
      ["having a network counts", "", {}, { network: "none" }, true],
      ["saying what is the default does not", "", {}, { network: "host" }, false],
      ["an argument that nobody declares does not", "", {}, { buildArgs: { other: "x" } }, false],
      ["tags and labels do not", "", {}, { tags: ["cache-key"], labels: { a: "b" } }, false],
      ["a limit does not", "", {}, { memoryBytes: 1 << 28 }, false],
      ["the latest time of files counts", "", {}, { sourceDateEpoch: 1_000_000_000 }, true],
    ])("%s", async (name, flags, first, second, runs) => {
      const text = `RUN ${flags}${flags ? " " : ""}echo "${name}"`;
      expect(await again({ Dockerfile: `FROM busybox\n${text}\n` }, () => second, first)).toEqual(runs ? [text] : []);
    });

    it.each([
      ["a secret's id", "RUN --mount=type=secret,id=s echo 1", "RUN --mount=type=secret,id=t echo 1", true],
      ["a secret's mode", "RUN --mount=type=secret,id=s echo 2", "RUN --mount=type=secret,id=s,mode=0444 echo 2", true],
      ["an agent's id", "RUN --mount=type=ssh echo 3", "RUN --mount=type=ssh,id=x echo 3", true],
      ["the size of a tmpfs", "RUN --mount=type=tmpfs,target=/t echo 4", "RUN --mount=type=tmpfs,target=/t,size=1m echo 4", true],
      ["a cache's id", "RUN --mount=type=cache,target=/c,id=a echo 5", "RUN --mount=type=cache,target=/c,id=b echo 5", false],
      ["a cache's sharing", "RUN --mount=type=cache,target=/c echo 6", "RUN --mount=type=cache,target=/c,sharing=locked echo 6", false],
      ["a cache's target", "RUN --mount=type=cache,target=/c echo 7", "RUN --mount=type=cache,target=/d echo 7", true],
      ["an ENV before it", "ENV e=1\nRUN echo 8", "ENV e=2\nRUN echo 8", true],
      ["an ENV after it", "RUN echo 9\nENV e=1", "RUN echo 9\nENV e=2", false],
      ["an ARG that it could use", "ARG a=1\nRUN echo 10", "ARG a=2\nRUN echo 10", true],
      ["a LABEL, CMD or EXPOSE before it", "LABEL a=1\nCMD a\nEXPOSE 1\nRUN echo 11", "LABEL a=2\nCMD b\nEXPOSE 2\nRUN echo 11", false],
      ["the user", "USER app\nRUN echo 12", "USER daemon\nRUN echo 12", true],
      ["the working directory", "WORKDIR /tmp\nRUN echo 13", "WORKDIR /root\nRUN echo 13", true],
      ["the shell", "RUN echo 14", 'SHELL ["/bin/sh", "-x", "-c"]\nRUN echo 14', true],
      ["--network", "RUN --network=default echo 15", "RUN --network=none echo 15", true],
      ["the contents of a here-document", "RUN <<E\necho 16\nE", "RUN <<E\necho 17\nE", true],
      ["a comment", "# one\nRUN echo 18", "# two\nRUN echo 18", false],
    ])("%s: whether it counts", async (_, before, after, counts) => {
      const place = await context({ Dockerfile: `FROM busybox\n${before}\n` });
      await stepsRun(place);
      await writeFile(path.join(place, "Dockerfile"), `FROM busybox\n${after}\n`);
      const ran = (await stepsRun(place)).filter((name) => name.startsWith("RUN"));
      expect(ran).toHaveLength(counts ? 1 : 0);
    });

    it("an image that has another name now, and the same layers, is the same base", async () => {
      const place = await context(step("base by layers"));
      await stepsRun(place);
      await bench.engine.images.tag("busybox", "alias:1");
      await writeFile(path.join(place, "Dockerfile"), "FROM alias:1\nRUN echo base by layers\n");
      expect(await stepsRun(place)).toEqual([]);
    });

    it("a base whose name stands for another image now is another one", async () => {
      const base = (value: string) => build(`FROM busybox\nRUN echo ${value} > /base\n`, { tags: ["moving:1"] });
      await base("1");
      const place = await context({ Dockerfile: "FROM moving:1\nRUN cat /base\n" });
      await stepsRun(place);
      expect(await stepsRun(place)).toEqual([]);
      await base("2");
      expect(await stepsRun(place)).toEqual(["RUN cat /base"]);
    });

    it("a stage that comes to the same files in another way is the same source", async () => {
      const text = (way: string) => `FROM busybox AS s\nRUN ${way}\nFROM busybox\nCOPY --from=s /r /r\nRUN echo same source\n`;
      const place = await context({ Dockerfile: text("echo r > /r") });
      await stepsRun(place);
      await writeFile(path.join(place, "Dockerfile"), text("echo r > /q && mv /q /r"));
      expect(await stepsRun(place)).toEqual(["RUN echo r > /q && mv /q /r"]);
    });
  });

  it("a step that waited for the same one of another build is told as cached", async () => {
    const place = await context({ Dockerfile: "FROM busybox\nRUN sleep 0.3; echo waited\n" });
    const ran = await Promise.all([stepsRun(place), stepsRun(place)]);
    expect(ran.flat()).toEqual(["RUN sleep 0.3; echo waited"]);
  });

  it("what a build uses is not pruned under it", async () => {
    const place = await context({
      Dockerfile:
        "FROM busybox\nRUN echo kept > /k\nRUN --mount=type=cache,target=/c touch /c/x; echo ready; sleep 0.5; cat /k /c/x\nRUN cat /k\n",
    });
    let pruned: Promise<unknown> | undefined;
    const { image } = await bench.engine.images.build(place, {
      progress: (event) => {
        if (event.type === "output") pruned ??= bench.engine.images.pruneBuilds();
      },
    });
    await pruned;
    expect(await contents(image, "cat /k")).toBe("kept\n");
  });
});

function hosts(host: string, address: string): BuildOptions {
  return { extraHosts: [{ host, address }] };
}
