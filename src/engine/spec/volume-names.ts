/** Names of volumes. */
import { randomBytes } from "node:crypto";

/** Docker's rule, in words. */
export const VOLUME_NAME = "at least two characters of [a-zA-Z0-9_.-], the first a letter or digit";

/** A file name can't be longer. */
const LONGEST = 255;

export function isVolumeName(name: unknown): name is string {
  return typeof name === "string" && name.length <= LONGEST && /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}

/** 64 hexadecimal digits, as docker's. */
export function newVolumeName(): string {
  return randomBytes(32).toString("hex");
}
