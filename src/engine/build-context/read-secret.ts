/** Secrets of a build, wherever they come from. */
import { readFile } from "node:fs/promises";
import type { BuildSecret } from "../engine.js";

/** Undefined for one that was not given, or a variable that is not set. */
export async function readSecret(secret: BuildSecret | undefined): Promise<Buffer | undefined> {
  if (secret === undefined) return undefined;
  if ("value" in secret) return Buffer.from(secret.value as string);
  if ("file" in secret) return readFile(secret.file);
  const value = process.env[secret.env];
  return value === undefined ? undefined : Buffer.from(value);
}
