/** `GET /images/{name}/json`, `GET /images/{name}/history` and `GET /images/json` as the contract's types. Pure. */
import type { ImageHistory, ImageInspect, ImageRemoval, ImageSummary } from "../engine.js";
import { fromOci, type OciExecution } from "../oci/image-config.js";
import { familiarName, parseReference } from "../oci/reference.js";

export interface ImageJson {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Created?: string;
  readonly Architecture?: string;
  readonly Variant?: string;
  readonly Os?: string;
  readonly Size?: number;
  readonly Config?: OciExecution | null;
  readonly RootFS?: { readonly Layers?: readonly string[] | null };
  /** Of the manifest: since API 1.48, where the daemon keeps manifests. */
  readonly Descriptor?: { readonly digest?: string } | null;
}

/** Newest first. */
export interface ImageHistoryJson {
  /** Seconds since the epoch. */
  readonly Created?: number;
  readonly CreatedBy?: string;
  readonly Comment?: string;
  readonly Size?: number;
}

export interface ImageRowJson {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  /** Seconds since the epoch. */
  readonly Created?: number;
  readonly Size?: number;
  readonly Labels?: Readonly<Record<string, string>> | null;
  /** Podman's since 5.0, and Caisson's. */
  readonly Os?: string;
  readonly Arch?: string;
  /** Caisson's. */
  readonly Variant?: string;
}

/** A line of the answers to removal and pruning. */
export interface ImageDeleteJson {
  readonly Untagged?: string;
  readonly Deleted?: string;
}

export function imageInspectOf(json: ImageJson, history: readonly ImageHistoryJson[]): ImageInspect {
  const id = imageId(json.Id);
  const config = fromOci(json.Config ?? undefined);
  const layers = json.RootFS?.Layers ?? [];
  const repoDigests = namesOf(json.RepoDigests);
  return {
    id,
    references: namesOf(json.RepoTags),
    created: new Date(json.Created || 0),
    size: json.Size ?? 0,
    labels: config.labels,
    platform: platformOf(json.Os || "linux", json.Architecture ?? "", json.Variant),
    digest: json.Descriptor?.digest ?? repoDigests[0]?.split("@")[1] ?? id,
    repoDigests,
    config,
    layers,
    history: historyOf(history, layers.length),
  };
}

export function imageSummaryOf(row: ImageRowJson): ImageSummary {
  return {
    id: imageId(row.Id),
    references: namesOf(row.RepoTags),
    repoDigests: namesOf(row.RepoDigests),
    created: new Date((row.Created ?? 0) * 1000),
    size: row.Size ?? 0,
    labels: row.Labels ?? {},
    platform: row.Os && row.Arch ? platformOf(row.Os, row.Arch, row.Variant) : undefined,
  };
}

function platformOf(os: string, architecture: string, variant: string | undefined): string {
  return [os, architecture, ...(variant ? [variant] : [])].join("/");
}

/** Podman leaves the algorithm out in places. */
export function imageId(id: string): string {
  return id.includes(":") ? id : `sha256:${id}`;
}

/** An image without a name has one that says so, before API 1.43. */
function namesOf(names: readonly string[] | null | undefined): readonly string[] {
  return (names ?? []).filter((name) => !name.startsWith("<none>")).map(familiar);
}

export function removalOf(lines: readonly ImageDeleteJson[] | null | undefined): ImageRemoval {
  const untagged = (lines ?? []).flatMap(({ Untagged }) => (Untagged && !Untagged.includes("@") ? [familiar(Untagged)] : []));
  return { untagged, deleted: (lines ?? []).flatMap(({ Deleted }) => (Deleted ? [imageId(Deleted)] : [])) };
}

function familiar(name: string): string {
  try {
    return familiarName(parseReference(name));
  } catch {
    return name; // ids, where Podman untags what has no name
  }
}

/** Which steps made no layer the API doesn't say. Layers have a size, but for those that changed nothing: they are told by their instruction. */
function historyOf(history: readonly ImageHistoryJson[], layers: number): readonly ImageHistory[] {
  const oldestFirst = [...history].reverse();
  const sized = oldestFirst.filter(({ Size = 0 }) => Size > 0).length;
  let unsized = layers - sized;
  const empty = oldestFirst.map(({ Size = 0, CreatedBy = "" }) => {
    if (Size > 0) return false;
    if (unsized <= 0 || !MAKES_LAYER.test(CreatedBy)) return true;
    unsized--;
    return false;
  });
  return oldestFirst.map((entry, index) => ({
    created: entry.Created === undefined ? undefined : new Date(entry.Created * 1000),
    createdBy: entry.CreatedBy || undefined,
    comment: entry.Comment || undefined,
    emptyLayer: empty[index]!,
    size: entry.Size ?? 0,
  }));
}

/** As BuildKit, the classic builder and Buildah write them. */
const MAKES_LAYER = /^(?:RUN|COPY|ADD|WORKDIR)\b|#\(nop\) +(?:COPY|ADD|WORKDIR)\b|^(?!.*#\(nop\))\S*\/sh -c /;
