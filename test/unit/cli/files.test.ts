/** Files that commands write. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFileAtomically } from "../../../src/cli/files.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-files-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const never = new AbortController().signal;

describe("writeFileAtomically", () => {
  it("replaces a file once the new one is whole", async () => {
    const file = path.join(directory, "whole");
    await writeFile(file, "old");
    const cause = new Error("broken");
    const broken = Readable.from(
      (function* () {
        yield "new";
        throw cause;
      })(),
    );
    await expect(writeFileAtomically(file, broken, never)).rejects.toBe(cause);
    expect(await readFile(file, "utf8")).toBe("old");
    await writeFileAtomically(file, Readable.from(["ne", "w"]), never);
    expect(await readFile(file, "utf8")).toBe("new");
    expect(await readdir(directory)).toEqual(["whole"]);
  });

  it("names the user's path, leaves nothing behind, and lets go of what nobody reads", async () => {
    const file = path.join(directory, "is-one");
    await mkdir(file);
    const data = Readable.from(["unread"]);
    await expect(writeFileAtomically(file, data, never)).rejects.toMatchObject({
      code: "OPTION_INVALID",
      facts: { value: file },
      summary: `${file} can't be written: it is a directory`,
    });
    expect(data.destroyed).toBe(true);
    // The file's name is as long as one can be, and that of the unfinished one longer.
    const long = path.join(directory, "n".repeat(255));
    await expect(writeFileAtomically(long, Readable.from(["x"]), never)).rejects.toMatchObject({
      code: "COPY_FAILED",
      facts: { path: long, errno: "ENAMETOOLONG" },
      summary: `${long} can't be written: ENAMETOOLONG: name too long`,
    });
    expect((await readdir(directory)).sort()).toEqual(["is-one", "whole"]);
  });

  it("tells of a disk that is full", async () => {
    const data = Readable.from(
      (function* () {
        yield "x";
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
      })(),
    );
    const file = path.join(directory, "large");
    await expect(writeFileAtomically(file, data, never)).rejects.toMatchObject({ code: "DISK_FULL", facts: { path: file } });
  });
});
