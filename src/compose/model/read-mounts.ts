/** `volumes` and `tmpfs` of a service. Sources of volumes are their names in the file. */
import path from "node:path";
import type { BindMountSpec, MountPropagation, MountSpec } from "../../engine/engine.js";
import { splitVolume } from "../files/short-syntax.js";
import { type Field, refused } from "./field.js";

const PROPAGATIONS: readonly MountPropagation[] = ["private", "rprivate", "slave", "rslave", "shared", "rshared"];
/** Labels of SELinux, and how two copies of a file are kept alike on other systems: nothing to do here. */
const WITHOUT_EFFECT = ["z", "Z", "consistent", "cached", "delegated"];
const OPTIONS = ["ro", "rw", "nocopy", ...PROPAGATIONS, ...WITHOUT_EFFECT];

export interface MountContext {
  /** Stands for `~`. */
  readonly home: string | undefined;
  /** Names of the file's volumes. */
  readonly volumes: ReadonlySet<string>;
}

export function readMounts(field: Field, context: MountContext): MountSpec[] {
  return field.items().flatMap((item) => (item.kind === "map" ? longMount(item, context) : shortMount(item, context)) ?? []);
}

export function readTmpfs(field: Field): MountSpec[] {
  return field.itemsOrOne().flatMap((item) => {
    const [target = "", ...options] = (item.text() ?? "").split(":");
    if (target === "") return [];
    return [{ type: "tmpfs" as const, target, options: options.join(":").split(",").filter(Boolean) }];
  });
}

/** Relative to where the file with the word says, however it came here. */
export function resolvePath(field: Field, text: string, home?: string): string {
  const expanded = home !== undefined && /^~(?:\/|$)/.test(text) ? path.join(home, text.slice(1)) : text;
  return path.resolve(field.node.place.source.directory, expanded);
}

function shortMount(item: Field, context: MountContext): MountSpec | undefined {
  const text = item.text();
  if (text === undefined) return undefined;
  const volume = splitVolume(text);
  if (!volume) return item.problem(`expected [SOURCE:]TARGET[:OPTIONS], not ${JSON.stringify(text)}`);
  const { source, target, options } = volume;
  const wrong = options.find((option) => !OPTIONS.includes(option));
  if (wrong !== undefined) return item.problem(`${JSON.stringify(wrong)} is no option of a volume; there are ${OPTIONS.join(", ")}`);
  if (!checkTarget(item, target)) return undefined;
  if (source === undefined) return { type: "volume", target };
  const propagation = PROPAGATIONS.find((each) => options.includes(each));
  const readonly = options.includes("ro");
  if (/^[./~]/.test(source)) {
    return {
      type: "bind",
      source: resolvePath(item, source, context.home),
      target,
      ...(readonly ? { readonly } : {}),
      createSource: true,
      ...(propagation ? { propagation } : {}),
    };
  }
  if (!isDeclared(item, source, context)) return undefined;
  return { type: "volume", source, target, ...(readonly ? { readonly } : {}), ...(options.includes("nocopy") ? { noCopy: true } : {}) };
}

interface LongMount {
  type?: string | undefined;
  source?: string | undefined;
  target?: string | undefined;
  readonly?: boolean | undefined;
  bind: { -readonly [K in keyof BindMountSpec]?: BindMountSpec[K] };
  noCopy?: boolean | undefined;
  volumeSubpath?: string | undefined;
  volumeLabels?: Record<string, string> | undefined;
  sizeBytes?: number | undefined;
  mode?: number | undefined;
  imageSubpath?: string | undefined;
}

function longMount(item: Field, context: MountContext): MountSpec | undefined {
  const mount: LongMount = { bind: {} };
  readLong(item, mount);
  const { type, source, target } = mount;
  if (type === undefined || target === undefined) {
    return item.problem(`a ${type === undefined ? "type (volume, bind, tmpfs, image)" : "target"} is missing`);
  }
  if (!checkTarget(item, target)) return undefined;
  const readonly = mount.readonly ? { readonly: true } : {};
  switch (type) {
    case "bind":
      if (source === undefined) return item.problem("a bind needs a source: a path of this host");
      return { createSource: true, ...mount.bind, type, source: resolvePath(item, source, context.home), target, ...readonly };
    case "volume":
      if (source !== undefined && !isDeclared(item, source, context)) return undefined;
      return {
        type,
        source,
        target,
        ...readonly,
        ...(mount.noCopy ? { noCopy: true } : {}),
        ...(mount.volumeSubpath ? { subpath: mount.volumeSubpath } : {}),
        ...(mount.volumeLabels ? { labels: mount.volumeLabels } : {}),
      };
    case "tmpfs":
      return { type, target, sizeBytes: mount.sizeBytes, mode: mount.mode, ...(mount.readonly ? { options: ["ro"] } : {}) };
    case "image":
      if (source === undefined) return item.problem("a mount of an image needs its name as source");
      return { type, source, target, ...(mount.imageSubpath ? { subpath: mount.imageSubpath } : {}) };
    default:
      return undefined;
  }
}

function readLong(item: Field, mount: LongMount): void {
  item.keys({
    type: (field) => {
      const type = field.oneOf(["volume", "bind", "tmpfs", "image", "npipe", "cluster"]);
      if (type === "npipe" || type === "cluster") field.problem(`not served: a mount of the type ${type} is for other systems`);
      mount.type = type;
    },
    source: (field) => {
      mount.source = field.text();
    },
    target: (field) => {
      mount.target = field.text();
    },
    read_only: (field) => {
      mount.readonly = field.boolean();
    },
    consistency: () => {},
    bind: (field) =>
      field.keys({
        propagation: (each) => {
          mount.bind.propagation = each.oneOf(PROPAGATIONS);
        },
        create_host_path: (each) => {
          mount.bind.createSource = each.boolean();
        },
        recursive: (each) => {
          if (each.oneOf(["enabled", "disabled", "writable", "readonly"]) === "disabled") mount.bind.recursive = false;
        },
        selinux: () => {},
      }),
    volume: (field) =>
      field.keys({
        nocopy: (each) => {
          mount.noCopy = each.boolean();
        },
        subpath: (each) => {
          mount.volumeSubpath = each.text();
        },
        labels: (each) => {
          mount.volumeLabels = each.filledPairs();
        },
      }),
    tmpfs: (field) =>
      field.keys({
        size: (each) => {
          mount.sizeBytes = each.bytes();
        },
        mode: (each) => {
          mount.mode = each.mode();
        },
      }),
    image: (field) =>
      field.keys({
        subpath: (each) => {
          mount.imageSubpath = each.text();
        },
      }),
    cluster: refused("clusters have such volumes"),
  });
}

function checkTarget(item: Field, target: string): boolean {
  if (target.startsWith("/")) return true;
  item.problem(`the target ${JSON.stringify(target)} is not an absolute path of the container`);
  return false;
}

function isDeclared(item: Field, name: string, { volumes }: MountContext): boolean {
  if (volumes.has(name)) return true;
  const hint = name.includes("/") ? `; a path of this host begins with ./, / or ~` : "";
  item.problem(`there is no volume ${JSON.stringify(name)} among the top-level volumes${hint}`);
  return false;
}
