/** Docker's config.json: what of it is ours to follow, and changing its credentials while everything else stays as it is. */
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { CaissonError } from "../errors.js";

export interface DockerConfig {
  readonly auths?: Readonly<Record<string, DockerAuth>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  /** By the daemon's address, or `default`. */
  readonly proxies?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface DockerAuth {
  /** Base64 of `user:password`. */
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/** The key under which `docker login` keeps Docker Hub. */
export const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/** In DOCKER_CONFIG. @default in `~/.docker` */
export function configFile(environment: NodeJS.ProcessEnv): string {
  return path.join(environment["DOCKER_CONFIG"] || path.join(os.homedir(), ".docker"), "config.json");
}

/** Undefined where there is no such file. @throws OPTION_INVALID */
export async function readConfigFile(file: string): Promise<DockerConfig | undefined> {
  try {
    return parseConfig(await readFile(file, "utf8"), file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** @throws OPTION_INVALID */
export function parseConfig(text: string, origin: string): DockerConfig {
  const config = parseJson(text);
  if (typeof config === "object" && config !== null) return config as DockerConfig;
  // Without the parser's own words as a cause: they quote the text, which holds passwords.
  throw new CaissonError("OPTION_INVALID", `${origin} can't be read: it is no JSON object`, {
    facts: { option: origin, value: undefined },
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes the file anew, with `auths` changed, readable by its owner alone unless it was others' to read before. Made where there is none; a link
 * stays one.
 */
export async function writeAuths(file: string, change: (auths: Record<string, DockerAuth>) => void): Promise<void> {
  const config = (await readConfigFile(file)) ?? {};
  const auths = { ...config.auths };
  change(auths);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const target = await realpath(file).catch(() => file);
  const before = await stat(target).catch(() => undefined);
  const partial = `${target}.${randomBytes(4).toString("hex")}`;
  try {
    // Tabs, as docker writes it.
    await writeFile(partial, `${JSON.stringify({ ...config, auths }, undefined, "\t")}\n`, { mode: 0o600, flag: "wx" });
    if (before) {
      await chmod(partial, before.mode & 0o777);
      await chown(partial, before.uid, before.gid).catch(() => {}); // another's: only root could
    }
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Under which names a registry may be found. @param domain a reference's */
export function keysOf(domain: string): readonly string[] {
  return domain === "docker.io" ? [DOCKER_HUB_KEY, "docker.io", "index.docker.io", "registry-1.docker.io"] : [domain];
}

/** The name under which `docker login` would keep it. */
export function keyOf(domain: string): string {
  return domain === "docker.io" ? DOCKER_HUB_KEY : domain;
}

/** `https://host/v1/` and `host` are the same entry. */
export function isEntryOf(domain: string, key: string): boolean {
  const keys = keysOf(domain);
  return keys.includes(key) || keys.includes(key.replace(/^https?:\/\//, "").replace(/\/.*$/, ""));
}

/** The credential helper that is responsible for a registry. */
export function helperOf(config: DockerConfig, domain: string): string | undefined {
  return (
    keysOf(domain)
      .map((key) => config.credHelpers?.[key])
      .find(Boolean) ?? config.credsStore
  );
}
