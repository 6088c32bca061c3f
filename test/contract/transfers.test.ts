/** What every engine owes about images and files that come and go, and streams of megabytes, however far away it works. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputOf } from "../fixtures/output.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";
import { ENGINES, ROUTES } from "./engines.js";
import { useEngine } from "./workbench.js";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe.each([...ENGINES, ...ROUTES])("the $name engine:", (candidate) => {
  const at = useEngine(candidate);
  let directory: string;
  let registry: Registry;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "caisson-transfers-"));
    registry = await startRegistry(path.join(directory, "storage"), directory);
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  it("an image goes to a registry and comes back, told of on the way", async () => {
    const { images } = at.engine;
    const reference = `${registry.host}/team/busybox:1`;
    const { id } = await images.inspect("busybox");
    await images.tag("busybox", reference);
    const { digest } = await images.push(reference);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    await images.remove(reference);
    await expect(images.inspect(reference)).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND", facts: { reference } });
    const told: string[] = [];
    const pulled = await images.pull(reference, { progress: ({ status }) => told.push(status) });
    expect(pulled.id).toBe(id);
    expect(pulled.references).toContain(reference);
    expect(told.length).toBeGreaterThan(0);
    expect((await images.pull(`${registry.host}/team/busybox@${digest}`)).id).toBe(id);
    await expect(images.pull(`${registry.host}/team/nonesuch:1`)).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
    await images.remove(reference);
  });

  it("an image is saved and loaded again", async () => {
    const { images } = at.engine;
    const id = await at.startShell("echo kept >/kept");
    await at.engine.containers.wait(id);
    const made = await at.engine.containers.commit(id, { reference: "saved:1" });
    const archive = await buffer(await images.save(["saved:1"]));
    await at.engine.containers.remove(id);
    await images.remove("saved:1");
    const loaded = await images.load(Readable.from([archive.subarray(0, 5000), archive.subarray(5000)]));
    expect(loaded).toMatchObject([{ id: made.id }]);
    expect(await outputOf(at.engine, { image: "saved:1", command: ["cat", "/kept"] })).toBe("kept\n");
    await images.remove("saved:1");
  });

  it("what is no archive is refused", async () => {
    await expect(at.engine.images.load(Readable.from([randomBytes(4096)]))).rejects.toMatchObject({ code: "IMAGE_ARCHIVE_INVALID" });
  });

  it("files of megabytes are copied in and out whole", async () => {
    const id = await at.startShell("sleep 60");
    const content = randomBytes(5 << 20);
    const tar = pack();
    tar.entry({ name: "big" }, content);
    tar.finalize();
    await at.engine.containers.copyIn(id, tar as AsyncIterable<Uint8Array>, { path: "/tmp" });
    for await (const entry of (await at.engine.containers.copyOut(id, "/tmp/big")).pipe(extract())) {
      expect(sha256(await buffer(entry))).toBe(sha256(content));
    }
  });

  it("a container's file system is exported without what is mounted in it, whether it runs or not", async () => {
    const mounts = [
      { type: "volume", target: "/data" },
      { type: "tmpfs", target: "/scratch" },
      { type: "bind", source: directory, target: "/bound" },
    ] as const;
    const script =
      "head -c 3000000 /dev/urandom >/big; ln /big /big2; echo x | tee /data/file /scratch/file >/own; echo ready; exec sleep 60";
    const id = await at.startShell(script, { mounts });
    for await (const { data } of at.engine.containers.logs(id, { follow: true })) if (String(data).includes("ready")) break;
    const running = await exported(id);
    await at.engine.containers.stop(id, { timeoutMs: 0 });
    const stopped = await exported(id);
    for (const files of [running, stopped]) {
      expect([files.get("big")?.size, files.get("big2")?.size].sort()).toEqual([0, 3_000_000]);
      expect(files.get("own")).toMatchObject({ type: "file", size: 2 });
      expect(files.get("bin/busybox")?.type).toBe("file");
      expect([...files.keys()].filter((name) => /^(data|scratch|bound|proc|sys)\//.test(name))).toEqual([]);
      expect(["data", "scratch", "bound", "proc"].map((name) => files.get(name)?.type)).toEqual(Array(4).fill("directory"));
    }
    expect([...stopped.keys()]).toEqual([...running.keys()]);
    await expect(at.engine.containers.export("nonesuch")).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
  });

  async function exported(id: string): Promise<Map<string, { readonly type: string; readonly size: number }>> {
    const files = new Map<string, { readonly type: string; readonly size: number }>();
    for await (const entry of (await at.engine.containers.export(id)).pipe(extract())) {
      const { name, type, size } = entry.header;
      files.set(name.replace(/\/$/, ""), { type: String(type), size: size ?? 0 });
      entry.resume();
    }
    return files;
  }

  it("megabytes go through a process, which sees the end of its input and answers after it", async () => {
    const id = await at.startShell("sleep 60");
    const process = await at.engine.containers.exec(id, { command: ["sh", "-c", "cat; echo end >&2; exit 4"], stdin: true });
    const content = randomBytes(3 << 20);
    process.stdin!.end(content);
    const [out, error] = await Promise.all([buffer(process.stdout), buffer(process.stderr)]);
    expect([sha256(out), error.toString(), await process.exit]).toEqual([sha256(content), "end\n", { exitCode: 4, oomKilled: false }]);
  });

  it("long logs come whole and in order, live and afterwards", async () => {
    const id = await at.startShell("seq 1 20000; seq 1 20000 >&2");
    const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join("");
    for (const follow of [true, false]) {
      const seen = { stdout: "", stderr: "" };
      for await (const { stream, data } of at.engine.containers.logs(id, { follow })) seen[stream] += data.toString();
      // Where it differs, not the 100 kB of it.
      for (const stream of ["stdout", "stderr"] as const)
        expect(firstDifference(seen[stream], numbers), `${stream}, follow: ${follow}`).toBe("");
    }
  });

  it("many requests at once are answered, each with its own", async () => {
    const id = await at.startShell("sleep 60");
    const said = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const process = await at.engine.containers.exec(id, { command: ["echo", String(index)] });
        return (await buffer(process.stdout)).toString();
      }),
    );
    expect(said).toEqual(Array.from({ length: 12 }, (_, index) => `${index}\n`));
  });
});

/** Empty where there is none. */
function firstDifference(seen: string, wanted: string): string {
  if (seen === wanted) return "";
  const [lines, others] = [seen.split("\n"), wanted.split("\n")];
  const at = lines.findIndex((line, index) => line !== others[index]);
  return `line ${at + 1} of ${lines.length} is ${JSON.stringify(lines[at])}, not ${JSON.stringify(others[at])}`;
}
