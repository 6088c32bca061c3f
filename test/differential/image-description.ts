/** What an image is, whoever made it: its configuration, and its root file system flattened from the layers of a docker archive. */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { extract, type Header } from "tar-stream";

export interface ImageDescription {
  /** Fields of the OCI execution configuration that are set. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What each step says of itself, with whether it wrote a layer. */
  readonly history: readonly (readonly [createdBy: string, emptyLayer: boolean])[];
  /** Kind, mode, owner, size, target, attributes and contents in one line each. */
  readonly files: Readonly<Record<string, string>>;
}

const FIELDS = [
  ...[
    "User",
    "ExposedPorts",
    "Env",
    "Entrypoint",
    "Cmd",
    "Volumes",
    "WorkingDir",
    "Labels",
    "StopSignal",
    "Shell",
    "OnBuild",
    "Healthcheck",
  ],
];

/** @param archive as of `docker save` */
export async function describeImage(archive: Buffer): Promise<ImageDescription> {
  const parts = new Map<string, Buffer>();
  for (const { header, body } of await entries(archive))
    parts.set(header.name, header.type === "symlink" ? Buffer.from(`link:${header.linkname}`) : body);
  const [manifest] = JSON.parse(parts.get("manifest.json")!.toString()) as [{ Config: string; Layers: string[] }];
  const document = JSON.parse(parts.get(manifest.Config)!.toString());
  const files = new Map<string, string>();
  for (const name of manifest.Layers) await applyLayer(files, part(parts, name));
  const set = FIELDS.filter((field) => isSet(document.config?.[field])).map((field) => [field, document.config[field]]);
  return {
    config: Object.fromEntries(set),
    history: document.history.map((step: { created_by?: string; empty_layer?: boolean }) => [
      step.created_by ?? "",
      step.empty_layer ?? false,
    ]),
    files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Docker links layers that occur twice to one another. */
function part(parts: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const found = parts.get(name)!;
  const target = /^link:(?:\.\.\/)?(.*)$/.exec(found.subarray(0, 200).toString("latin1"))?.[1];
  return target === undefined ? found : parts.get(target)!;
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

async function entries(tar: Buffer): Promise<{ header: Header; body: Buffer }[]> {
  const reader = extract();
  reader.end(tar);
  const found: { header: Header; body: Buffer }[] = [];
  for await (const entry of reader) found.push({ header: entry.header, body: await buffer(entry as unknown as AsyncIterable<Uint8Array>) });
  return found;
}

async function applyLayer(files: Map<string, string>, layer: Buffer): Promise<void> {
  const tar = layer[0] === 0x1f && layer[1] === 0x8b ? gunzipSync(layer) : layer;
  const all = await entries(tar);
  // Whiteouts hide what is below, never what the same layer brings.
  for (const { header } of all) {
    const name = clean(header.name);
    const leaf = name.slice(name.lastIndexOf("/") + 1);
    const above = name.slice(0, name.length - leaf.length);
    if (leaf === ".wh..wh..opq") removeBelow(files, above.replace(/\/$/, ""), false);
    else if (leaf.startsWith(".wh.")) removeBelow(files, above + leaf.slice(4), true);
  }
  for (const { header, body } of all) {
    const name = clean(header.name);
    if (name === "" || name.split("/").at(-1)!.startsWith(".wh.")) continue;
    if (header.type !== "directory") removeBelow(files, name, true);
    files.set(name, describe(files, header, body));
  }
}

function clean(name: string): string {
  return name
    .replace(/^(\.?\/)+/, "")
    .replace(/\/+$/, "")
    .replace(/^\.$/, "");
}

function removeBelow(files: Map<string, string>, name: string, itself: boolean): void {
  for (const each of files.keys()) if ((itself && each === name) || each.startsWith(name === "" ? "" : `${name}/`)) files.delete(each);
}

function describe(files: ReadonlyMap<string, string>, header: Header, body: Buffer): string {
  // A hard link is the same file under another name: what counts is what it is.
  if (header.type === "link") return files.get(clean(header.linkname ?? "")) ?? `a link to ${header.linkname}, which is not there`;
  const attributes = Object.entries(header.pax ?? {}).filter(([key]) => key.startsWith("SCHILY.xattr.") && !key.includes("overlay"));
  const xattrs = attributes
    .map(([key, value]) => `${key.slice("SCHILY.xattr.".length)}=${Buffer.from(String(value)).toString("hex")}`)
    .sort();
  const contents = header.type === "file" ? `${body.length} ${createHash("sha256").update(body).digest("hex").slice(0, 16)}` : "";
  const link = header.type === "symlink" ? `-> ${header.linkname}` : "";
  const device = header.type === "character-device" || header.type === "block-device" ? `${header.devmajor}:${header.devminor}` : "";
  return [header.type, (header.mode! & 0o7777).toString(8), `${header.uid}:${header.gid}`, contents, link, device, ...xattrs]
    .filter(Boolean)
    .join(" ");
}
