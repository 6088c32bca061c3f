/** The mounts of a create request: `Binds`, `Mounts`, `Tmpfs` and `Volumes`. Pure. */
import path from "node:path";
import { parseBind } from "../bind-syntax.js";
import type { MountPropagation, MountSpec } from "../engine.js";
import { type Fields, MalformedBody } from "./json-fields.js";

/** @throws MalformedBody, OPTION_INVALID */
export function mountsOfBody(body: Fields, host: Fields): readonly MountSpec[] {
  const mounts = [
    ...(host.texts("Binds") ?? []).map(bindMount),
    ...(host.objects("Mounts") ?? []).map(mountOf),
    ...Object.entries(host.record("Tmpfs") ?? {}).map(
      ([target, options]): MountSpec => ({ type: "tmpfs", target, options: options.split(",").filter(Boolean) }),
    ),
  ];
  const taken = new Set(mounts.map(({ target }) => path.posix.normalize(target)));
  const anonymous = (body.keys("Volumes") ?? []).filter((target) => !taken.has(path.posix.normalize(target)));
  return [...mounts, ...anonymous.map((target): MountSpec => ({ type: "volume", target }))];
}

/** @throws MalformedBody, OPTION_INVALID */
function bindMount(bind: string): MountSpec {
  const [source = "", target] = bind.split(":");
  if (target !== undefined && !source.startsWith("/")) checkVolumeName(source);
  return parseBind(bind, (path) => path);
}

/** @throws MalformedBody in docker's words */
export function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return;
  throw new MalformedBody(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}

function mountOf(mount: Fields): MountSpec {
  const type = mount.text("Type") ?? "";
  const target = mount.text("Target") ?? "";
  if (target === "") throw new MalformedBody(`invalid mount config for type "${type}": field Target must not be empty`);
  const source = mount.word("Source");
  const readonly = mount.flag("ReadOnly") ?? false;
  switch (type) {
    case "bind":
      return bindOf(mount, target, source, readonly);
    case "volume":
      return volumeOf(mount, target, source, readonly);
    case "tmpfs": {
      const options = mount.object("TmpfsOptions");
      const sizeBytes = options.amount("SizeBytes");
      const mode = options.amount("Mode");
      return {
        ...{ type, target },
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(mode === undefined ? {} : { mode }),
        ...(readonly ? { options: ["ro"] } : {}),
      };
    }
    case "image": {
      if (source === undefined) throw new MalformedBody(`invalid mount config for type "image": field Source must not be empty`);
      const subpath = mount.object("ImageOptions").word("Subpath");
      return { type, target, source, ...(subpath === undefined ? {} : { subpath }) };
    }
    default:
      throw new MalformedBody(`invalid mount config for type "${type}": mount type unknown`);
  }
}

function bindOf(mount: Fields, target: string, source: string | undefined, readonly: boolean): MountSpec {
  if (source === undefined) throw new MalformedBody(`invalid mount config for type "bind": field Source must not be empty`);
  if (!source.startsWith("/"))
    throw new MalformedBody(`invalid mount config for type "bind": invalid mount path: '${source}' mount path must be absolute`);
  const options = mount.object("BindOptions");
  const propagation = options.word("Propagation") as MountPropagation | undefined;
  return {
    ...{ type: "bind", source, target, readonly },
    ...(propagation === undefined ? {} : { propagation }),
    ...(options.flag("NonRecursive") ? { recursive: false } : {}),
    ...(options.flag("CreateMountpoint") ? { createSource: true } : {}),
  };
}

function volumeOf(mount: Fields, target: string, source: string | undefined, readonly: boolean): MountSpec {
  const options = mount.object("VolumeOptions");
  const driver = options.object("DriverConfig");
  const name = driver.word("Name") ?? "local";
  if (name !== "local") throw new MalformedBody(`error looking up volume plugin ${name}: plugin "${name}" not found`);
  if (Object.keys(driver.record("Options") ?? {}).length > 0)
    throw new MalformedBody(`invalid mount config for type "volume": make a volume with options first, by POST /volumes/create`);
  const labels = options.record("Labels");
  const subpath = options.word("Subpath");
  return {
    ...{ type: "volume", target, readonly },
    ...(source === undefined ? {} : { source }),
    ...(options.flag("NoCopy") ? { noCopy: true } : {}),
    ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
    ...(subpath === undefined ? {} : { subpath }),
  };
}
