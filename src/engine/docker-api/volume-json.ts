/** `GET /volumes/{name}` and `POST /volumes/create`. Pure. */
import type { VolumeInspect, VolumeSpec } from "../engine.js";
import { isGeneratedName } from "./mount-json.js";

export interface VolumeJson {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly CreatedAt?: string;
  readonly Mountpoint?: string;
  readonly Options?: Readonly<Record<string, string>> | null;
  /** In `GET /system/df` alone. */
  readonly UsageData?: { readonly Size: number; readonly RefCount: number } | null;
}

/** How newer daemons mark a volume whose name they made up. */
const ANONYMOUS = "com.docker.volume.anonymous";

export function volumeBody({ name, labels, options }: VolumeSpec): Readonly<Record<string, unknown>> {
  return { Name: name, Labels: labels, DriverOpts: options };
}

/** @param usedBy names of the containers that have it */
export function volumeOf(json: VolumeJson, usedBy: readonly string[]): VolumeInspect {
  const { [ANONYMOUS]: marked, ...labels } = json.Labels ?? {};
  const options = json.Options ?? {};
  return {
    name: json.Name,
    labels,
    created: new Date(json.CreatedAt ?? 0),
    anonymous: marked !== undefined || isGeneratedName(json.Name),
    mountpoint: options["type"] === "none" && options["device"] ? options["device"] : (json.Mountpoint ?? ""),
    options,
    inUse: usedBy.length > 0,
    usedBy,
  };
}
