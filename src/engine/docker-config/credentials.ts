/**
 * Credentials for registries as docker finds them: credential helpers, the credential store, then `auths`, of
 * DOCKER_AUTH_CONFIG or of config.json in DOCKER_CONFIG (default `~/.docker`).
 */
import type { RegistryAuth } from "../engine.js";
import { CaissonError } from "../errors.js";
import { configFile, type DockerAuth, type DockerConfig, helperOf, isEntryOf, keyOf, parseConfig, readConfigFile } from "./config-file.js";
import { askHelper } from "./credential-helper.js";

/** Credentials together with where they were found, for messages. */
export interface FoundCredentials {
  readonly auth: RegistryAuth | undefined;
  /** E.g. `"auths in /home/me/.docker/config.json"`, or `"none: ..."`. */
  readonly source: string;
}

/**
 * @param domain a reference's registry
 * @throws OPTION_INVALID for a configuration that can't be read
 */
export async function findCredentials(domain: string, environment: NodeJS.ProcessEnv): Promise<FoundCredentials> {
  const { config, origin } = await readConfig(environment);
  if (!config) return { auth: undefined, source: `none: there is no ${origin}` };
  const helper = helperOf(config, domain);
  if (helper) {
    const auth = await askHelper(helper, keyOf(domain), environment);
    if (auth) return { auth, source: `docker-credential-${helper}, named in ${origin}` };
  }
  const entry = Object.entries(config.auths ?? {}).find(([key]) => isEntryOf(domain, key));
  const auth = entry && decode(entry[1], entry[0], origin);
  if (auth) return { auth, source: `auths in ${origin}` };
  return { auth: undefined, source: `none: ${origin} has no entry for ${domain}` };
}

async function readConfig(environment: NodeJS.ProcessEnv): Promise<{ config: DockerConfig | undefined; origin: string }> {
  const inline = environment["DOCKER_AUTH_CONFIG"];
  if (inline) return { config: parseConfig(inline, "DOCKER_AUTH_CONFIG"), origin: "DOCKER_AUTH_CONFIG" };
  const file = configFile(environment);
  return { config: await readConfigFile(file), origin: file };
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
