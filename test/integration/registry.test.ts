/** Push and pull against a real registry (Debian's docker-registry), good answers and bad ones. */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildWarning, Engine, ImageProgress } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { run } from "../fixtures/command.js";
import { outputOf } from "../fixtures/output.js";
import { type Registry, startRegistry } from "../fixtures/registry.js";

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const architecture = process.arch === "arm64" ? "arm64" : "amd64";

let scratch: string;
let registry: Registry;
let source: Engine;
/** Of busybox in the registry. */
let reference: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "caisson-registry-"));
  registry = await startRegistry(path.join(scratch, "storage"), scratch);
  source = await openEngine({ home: path.join(scratch, "source") });
  await ensureBusyboxImage(source);
  reference = `${registry.host}/team/busybox:1`;
  await source.images.tag("busybox", reference);
  await source.images.push(reference);
});

afterAll(async () => {
  await source?.close();
  await registry?.[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

/** An engine with a store of its own. */
async function freshEngine(environment: NodeJS.ProcessEnv = {}): Promise<Engine> {
  return openEngine({ home: await mkdtemp(path.join(scratch, "home-")), environment: { ...process.env, ...environment } });
}

async function rootOf(engine: Engine): Promise<string> {
  return (await engine.info()).root!;
}

describe("build checks", () => {
  const rules = ({ warnings }: { readonly warnings: readonly BuildWarning[] }) => warnings.map(({ rule }) => rule);

  async function context(dockerfile: string): Promise<string> {
    const place = await mkdtemp(path.join(scratch, "context-"));
    await writeFile(path.join(place, "Dockerfile"), dockerfile);
    return place;
  }

  it("fetch the configuration of an image that one depends on, and no layer", async () => {
    await using target = await freshEngine();
    const check = async (text: string) => target.images.checkBuild(await context(`FROM ${reference}\n${text}`));
    const root = await rootOf(target);
    expect(rules(await check('ARG v\nLABEL a=$v\nCMD ["x"]\n'))).toEqual([]);
    expect(await readdir(path.join(root, "images")).catch(() => [])).not.toContain("blobs");
    expect(rules(await check("LABEL a=$PATH b=$none\nCMD x\n"))).toEqual(["UndefinedVar", "JSONArgsRecommended"]);
    expect(await readdir(path.join(root, "layers")).catch(() => [])).toEqual([]);
    expect(await target.images.list()).toEqual([]);
    const { error } = await target.images.checkBuild(await context(`FROM ${registry.host}/none:1\nCMD x\n`));
    expect(error).toMatchObject({ code: "IMAGE_NOT_FOUND", message: expect.stringContaining("Dockerfile:1: ") });
  });

  it("tell of an image that has one platform alone, and another one", async () => {
    const [foreign, name] = [architecture === "arm64" ? "amd64" : "arm64", `${registry.host}/team/foreign:1`];
    const rootfs = pack();
    rootfs.entry({ name: "f" }, "1");
    rootfs.finalize();
    await source.images.import(Readable.from([await buffer(rootfs)]), { reference: name, platform: `linux/${foreign}` });
    await source.images.push(name);
    await using target = await freshEngine();
    const place = await context(`FROM ${name} AS a\nFROM scratch\nCOPY --from=a /f /f\n`);
    const { warnings } = await target.images.build(place);
    const found = `Base image ${name} was pulled with platform "linux/${foreign}", expected "linux/${architecture}" for current build`;
    expect(warnings).toMatchObject([{ rule: "InvalidBaseImagePlatform", message: found, line: 1, url: undefined }]);
    // It is here now, but what the registry has for this platform still decides.
    expect(rules(await target.images.checkBuild(place))).toEqual(["InvalidBaseImagePlatform"]);
  });
});

describe("push and pull", () => {
  it("carry an image from one store to another", async () => {
    await using target = await freshEngine();
    const progress: ImageProgress[] = [];
    const pulled = await target.images.pull(reference, { progress: (event) => progress.push(event) });
    const { id, layers, repoDigests } = await source.images.inspect(reference);
    expect(pulled).toMatchObject({ id, layers, repoDigests, references: [reference] });
    expect(pulled.repoDigests).toEqual([`${registry.host}/team/busybox@${pulled.digest}`]);
    expect(progress.map(({ status }) => status)).toEqual(expect.arrayContaining(["resolving", "waiting", "downloading", "done"]));
    expect(await outputOf(target, { image: reference, command: ["echo", "works"] })).toBe("works\n");
  });

  it("fetch nothing twice, a digest never, and offline what is here", async () => {
    await using target = await freshEngine();
    const { id, repoDigests } = await target.images.pull(reference);
    const statuses: string[] = [];
    await target.images.pull(reference, { progress: ({ status }) => statuses.push(status) });
    expect(statuses).not.toContain("downloading");
    await target.images.pull(repoDigests[0]!);
    await using offline = await openEngine({ home: await rootOf(target), environment: { ...process.env, CAISSON_OFFLINE: "1" } });
    expect((await offline.images.pull(repoDigests[0]!)).id).toBe(id);
    expect((await offline.images.pull(reference)).id).toBe(id);
    await expect(offline.images.pull(`${registry.host}/other:1`)).rejects.toMatchObject({ code: "IMAGE_NOT_FOUND" });
  });

  it("do the work once when two want the same image", async () => {
    const home = await mkdtemp(path.join(scratch, "home-"));
    // Two engines have nothing in common but the file system, as two processes.
    await using one = await openEngine({ home });
    await using two = await openEngine({ home });
    const statuses: string[] = [];
    const progress = ({ status }: ImageProgress): void => void statuses.push(status);
    const [a, b] = await Promise.all([one.images.pull(reference, { progress }), two.images.pull(reference, { progress })]);
    expect(a.id).toBe(b.id);
    expect((await readdir(path.join(home, "layers"))).filter((name) => !name.startsWith("."))).toHaveLength(1);
    expect(await readdir(path.join(home, "images", "ingest"))).toEqual([]);
  });

  it("choose from an index what this platform runs", async () => {
    const base = `http://${registry.host}/v2/team/busybox/manifests`;
    const { digest } = await source.images.push(reference);
    const size = (await (await fetch(`${base}/1`, { headers: { accept: OCI_MANIFEST } })).arrayBuffer()).byteLength;
    const manifests = [{ mediaType: OCI_MANIFEST, digest, size, platform: { os: "linux", architecture } }];
    const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    const put = await fetch(`${base}/multi`, { method: "PUT", headers: { "content-type": OCI_INDEX }, body });
    expect(put.status).toBe(201);
    await using target = await freshEngine();
    const multi = `${registry.host}/team/busybox:multi`;
    expect((await target.images.pull(multi)).digest).toBe(digest);
    await expect(target.images.pull(multi, { platform: "linux/s390x" })).rejects.toMatchObject({
      code: "IMAGE_PLATFORM_MISSING",
      facts: { available: [`linux/${architecture}`] },
    });
  });

  it("go on where a download broke off", async () => {
    await using target = await freshEngine();
    const stop = new AbortController();
    const progress = ({ status, current = 0 }: ImageProgress): void => {
      if (status === "downloading" && current > 10_000) stop.abort();
    };
    await expect(target.images.pull(reference, { signal: stop.signal, progress })).rejects.toMatchObject({ code: "ABORTED" });
    const files = await readdir(path.join(await rootOf(target), "images", "ingest"));
    expect(files.filter((name) => name.endsWith(".partial"))).toHaveLength(1);
    expect((await target.images.pull(reference)).id).toBe((await source.images.inspect("busybox")).id);
  });

  it("read what skopeo pushes, zstd included", async () => {
    const archive = path.join(scratch, "busybox.tar");
    await writeFile(archive, await source.images.save(["busybox"]));
    const zstd = `${registry.host}/team/busybox:zstd`;
    const options = ["copy", "-q", "--insecure-policy", "--dest-tls-verify=false", "--format", "oci", "--dest-compress-format", "zstd"];
    await run("skopeo", [...options, `docker-archive:${archive}`, `docker://${zstd}`]);
    await using target = await freshEngine();
    await target.images.pull(zstd);
    expect(await outputOf(target, { image: zstd, command: ["echo", "works"] })).toBe("works\n");
  });

  it("ask a mirror first, and the registry itself when the mirror lacks the image", async () => {
    await using mirrored = await freshEngine({ CAISSON_REGISTRY_MIRRORS: `example.test=http://${registry.host}` });
    expect((await mirrored.images.pull("example.test/team/busybox:1")).references).toEqual(["example.test/team/busybox:1"]);
    await using behind = await freshEngine({ CAISSON_REGISTRY_MIRRORS: `${registry.host}=http://127.0.0.1:1` });
    expect((await behind.images.pull(reference)).references).toEqual([reference]);
  });
});

describe("a bad answer is named, and nothing of it kept", () => {
  it("an unknown image", async () => {
    await using target = await freshEngine();
    const unknown = `${registry.host}/no/such:1`;
    await expect(target.images.pull(unknown)).rejects.toMatchObject({
      code: "IMAGE_NOT_FOUND",
      facts: { reference: unknown, registry: registry.host },
    });
  });

  it("a layer that was changed, or cut, where the registry keeps it", async () => {
    const { layers } = (await (
      await fetch(`http://${registry.host}/v2/team/busybox/manifests/1`, { headers: { accept: OCI_MANIFEST } })
    ).json()) as {
      layers: { digest: string }[];
    };
    const hex = layers[0]!.digest.slice("sha256:".length);
    const file = path.join(scratch, "storage/docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
    const bytes = await readFile(file);
    await using target = await freshEngine();
    try {
      // In the middle of the compressed data, and in gzip's header, which its checksum doesn't cover.
      for (const position of [bytes.length >> 1, 5]) {
        const changed = Buffer.from(bytes);
        changed[position]! ^= 0xff;
        await writeFile(file, changed);
        const failure = (await target.images.pull(reference).catch((error: unknown) => error)) as { code: string };
        expect(["DIGEST_MISMATCH", "LAYER_INVALID"]).toContain(failure.code);
      }
      await writeFile(file, bytes.subarray(0, bytes.length >> 1));
      await expect(target.images.pull(reference)).rejects.toMatchObject({
        code: expect.stringMatching(/^(REGISTRY_ERROR|DIGEST_MISMATCH|LAYER_INVALID)$/),
      });
      expect(await target.images.list()).toEqual([]);
    } finally {
      await writeFile(file, bytes);
    }
    expect((await target.images.pull(reference)).layers).toHaveLength(1);
  });

  it("a layer that unpacks to something else than the configuration promises", async () => {
    const upload = async (bytes: Buffer): Promise<{ digest: string; size: number }> => {
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      const begun = await fetch(`http://${registry.host}/v2/bad/blobs/uploads/`, { method: "POST" });
      const location = new URL(begun.headers.get("location")!, `http://${registry.host}`);
      location.searchParams.set("digest", digest);
      await fetch(location, { method: "PUT", body: bytes });
      return { digest, size: bytes.length };
    };
    const rootfs = { type: "layers", diff_ids: [`sha256:${"0".repeat(64)}`] };
    const config = await upload(Buffer.from(JSON.stringify({ os: "linux", architecture, rootfs })));
    const layer = await upload(gzipSync(Buffer.alloc(1024)));
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
    });
    const put = await fetch(`http://${registry.host}/v2/bad/manifests/1`, {
      method: "PUT",
      headers: { "content-type": OCI_MANIFEST },
      body,
    });
    expect(put.status).toBe(201);
    await using target = await freshEngine();
    await expect(target.images.pull(`${registry.host}/bad:1`)).rejects.toMatchObject({ code: "DIGEST_MISMATCH" });
    expect(await readdir(path.join(await rootOf(target), "layers"))).toEqual([]);
  });

  it("no registry at all", async () => {
    await using target = await freshEngine();
    await expect(target.images.pull("127.0.0.1:1/image:1")).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE", facts: { attempts: 4 } });
  });
});
