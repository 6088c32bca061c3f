/** Credentials in headers: `X-Registry-Auth` and `X-Registry-Config`, base64 of JSON in either alphabet. Pure. */
import type { RegistryAuth } from "../engine.js";
import { Fields, parseJson } from "./json-fields.js";

/** Undefined where there are none, or empty ones. @throws MalformedBody */
export function registryAuthOf(header: string | undefined): RegistryAuth | undefined {
  const json = decode(header);
  return json && authOf(json);
}

/** By host of the registry. @throws MalformedBody */
export function registryConfigOf(header: string | undefined): Readonly<Record<string, RegistryAuth>> {
  const json = decode(header);
  if (!json) return {};
  const all = Object.entries(json.json as object).map(([registry, auth]) => [registry, authOf(new Fields(auth, registry))] as const);
  return Object.fromEntries(all.flatMap(([registry, auth]) => (auth ? [[registryHost(registry), auth]] : [])));
}

/** Docker Hub goes by the address that it had first; others may come with a scheme and a path. */
export function registryHost(address: string): string {
  const host = address.replace(/^https?:\/\//, "").split("/", 1)[0] ?? "";
  return ["", "index.docker.io", "registry-1.docker.io"].includes(host) ? "docker.io" : host;
}

function decode(header: string | undefined): Fields | undefined {
  if (!header) return undefined;
  const text = Buffer.from(header, header.includes("-") || header.includes("_") ? "base64url" : "base64").toString();
  const json = parseJson(text === "" ? "{}" : text);
  return json === null ? undefined : new Fields(json, "X-Registry-Auth");
}

export function authOf(json: Fields): RegistryAuth | undefined {
  const pair = Buffer.from(json.text("auth") ?? "", "base64").toString();
  const colon = pair.indexOf(":");
  const username = json.word("username") ?? (colon > 0 ? pair.slice(0, colon) : undefined);
  const password = json.word("password") ?? (colon > 0 ? pair.slice(colon + 1) : undefined);
  const identityToken = json.word("identitytoken");
  if (username === undefined && identityToken === undefined) return undefined;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
  };
}
