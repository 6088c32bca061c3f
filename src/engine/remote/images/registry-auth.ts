/** Credentials as the daemon takes them: JSON as base64url in a header (Engine API, "Authentication"). */
import { findCredentials } from "../../docker-config/credentials.js";
import type { RegistryAuth } from "../../engine.js";

export interface DaemonCredentials {
  /** Of `X-Registry-Auth`; `{}` says that there are none. */
  readonly header: string;
  /** Where they were found, for messages. */
  readonly source: string;
}

/** @param domain a reference's registry. @throws OPTION_INVALID, REGISTRY_ERROR */
export async function credentialsFor(
  domain: string,
  given: RegistryAuth | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<DaemonCredentials> {
  const { auth, source } = given ? { auth: given, source: "given with the call" } : await findCredentials(domain, environment);
  return { header: encodeHeader(auth ? authJson(domain, auth) : {}), source };
}

/** Of `X-Registry-Config`, which builds take: by registry. @throws OPTION_INVALID, REGISTRY_ERROR */
export async function registryConfig(
  domains: Iterable<string>,
  environment: NodeJS.ProcessEnv,
  given: Readonly<Record<string, RegistryAuth>> = {},
): Promise<string> {
  const entries: [string, object][] = [];
  for (const domain of new Set(domains)) {
    const auth = given[domain] ?? (await findCredentials(domain, environment)).auth;
    if (auth) entries.push([serverAddress(domain), authJson(domain, auth)]);
  }
  return encodeHeader(Object.fromEntries(entries));
}

export function authJson(domain: string, { username, password, identityToken }: RegistryAuth): object {
  return { username, password, identitytoken: identityToken, serveraddress: serverAddress(domain) };
}

/** Docker Hub goes by the address that it had first. */
function serverAddress(domain: string): string {
  return domain === "docker.io" ? "https://index.docker.io/v1/" : domain;
}

function encodeHeader(value: object): string {
  // Padded: daemons before 22.06 take no other.
  return Buffer.from(JSON.stringify(value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
