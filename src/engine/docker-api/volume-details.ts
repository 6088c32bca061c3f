/** Volumes as the API shows them. Pure. */
import type { VolumeInspect, VolumeSpec } from "../engine.js";
import { type Fields, MalformedBody } from "./json-fields.js";
import { checkVolumeName } from "./mounts-of-body.js";
import { timeText } from "./times.js";

export function volumeJson(volume: VolumeInspect): Readonly<Record<string, unknown>> {
  const { labels, options } = volume;
  return {
    CreatedAt: timeText(volume.created).replace(/\.\d+Z$/, "Z"),
    Driver: "local",
    Labels: volume.anonymous ? { "com.docker.volume.anonymous": "", ...labels } : Object.keys(labels).length > 0 ? labels : null,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: Object.keys(options).length > 0 ? options : null,
    Scope: "local",
  };
}

/** The body of `POST /volumes/create`. @throws MalformedBody */
export function volumeSpecOfBody(body: Fields): VolumeSpec {
  const driver = body.word("Driver") ?? "local";
  if (driver !== "local")
    throw new MalformedBody(`create ${body.text("Name") ?? ""}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  const name = body.word("Name");
  if (name !== undefined) checkVolumeName(name);
  const labels = body.record("Labels");
  const options = body.record("DriverOpts");
  return {
    ...(name === undefined ? {} : { name }),
    ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
    ...(options && Object.keys(options).length > 0 ? { options } : {}),
  };
}
