/**
 * Credentials for registries as docker finds them: credential helpers, the credential store, then `auths`, of
 * DOCKER_AUTH_CONFIG or of config.json in DOCKER_CONFIG (default `~/.docker`).
 */
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { RegistryAuth } from "../engine.js";
import { CaissonError } from "../errors.js";
import { askHelper } from "./credential-helper.js";

/** Credentials together with where they were found, for messages. */
export interface FoundCredentials {
  readonly auth: RegistryAuth | undefined;
  /** E.g. `"auths in /home/me/.docker/config.json"`, or `"none: ..."`. */
  readonly source: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, DockerAuth>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

interface DockerAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

/** The key under which `docker login` keeps Docker Hub. */
const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

/**
 * @param domain a reference's registry
 * @throws OPTION_INVALID for a configuration that can't be read
 */
export async function findCredentials(domain: string, environment: NodeJS.ProcessEnv): Promise<FoundCredentials> {
  const { config, origin } = await readConfig(environment);
  if (!config) return { auth: undefined, source: `none: there is no ${origin}` };
  const keys = keysOf(domain);
  const helper = keys.map((key) => config.credHelpers?.[key]).find(Boolean) ?? config.credsStore;
  if (helper) {
    const key = domain === "docker.io" ? DOCKER_HUB_KEY : domain;
    const auth = await askHelper(helper, key, environment);
    if (auth) return { auth, source: `docker-credential-${helper}, named in ${origin}` };
  }
  const entry = Object.entries(config.auths ?? {}).find(([key]) => keys.includes(hostOf(key)) || keys.includes(key));
  const auth = entry && decode(entry[1], entry[0], origin);
  if (auth) return { auth, source: `auths in ${origin}` };
  return { auth: undefined, source: `none: ${origin} has no entry for ${domain}` };
}

async function readConfig(environment: NodeJS.ProcessEnv): Promise<{ config: DockerConfig | undefined; origin: string }> {
  const inline = environment["DOCKER_AUTH_CONFIG"];
  if (inline) return { config: parse(inline, "DOCKER_AUTH_CONFIG"), origin: "DOCKER_AUTH_CONFIG" };
  const file = path.join(environment["DOCKER_CONFIG"] || path.join(os.homedir(), ".docker"), "config.json");
  try {
    return { config: parse(await readFile(file, "utf8"), file), origin: file };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR")
      return { config: undefined, origin: file };
    throw error;
  }
}

function parse(text: string, origin: string): DockerConfig {
  const config = parseJson(text);
  if (typeof config === "object" && config !== null) return config as DockerConfig;
  // Without the parser's own words as a cause: they quote the text, which holds passwords.
  throw new CaissonError("OPTION_INVALID", `The credentials in ${origin} can't be read: it is no JSON object`, {
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

function keysOf(domain: string): readonly string[] {
  return domain === "docker.io" ? [DOCKER_HUB_KEY, "docker.io", "index.docker.io", "registry-1.docker.io"] : [domain];
}

/** `https://host/v1/` and `host` are the same entry. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
}

function decode(entry: DockerAuth, key: string, origin: string): RegistryAuth | undefined {
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.auth) {
    const text = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = text.indexOf(":");
    if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) };
    throw new CaissonError("OPTION_INVALID", `The entry for ${key} in ${origin} is not base64 of user:password`, {
      facts: { option: `auths["${key}"].auth`, value: undefined },
      remedy: "Log in again.",
    });
  }
  return entry.username === undefined ? undefined : { username: entry.username, password: entry.password };
}
