/** Which handler a request is for. Pure. */
import { parseVersion } from "./api-version.js";
import type { Exchange } from "./exchange.js";
import { HttpFailure } from "./http-failure.js";

export type Handler = (exchange: Exchange) => Promise<void>;

/** `["GET", "/containers/{id}/json", handler]`; `{name*}` takes slashes along. */
export type Route = readonly [method: string, pattern: string, handler: Handler];

export interface Match {
  readonly handler: Handler;
  readonly parameters: Readonly<Record<string, string>>;
  /** Minor version of the API. */
  readonly version: number;
}

interface CompiledRoute {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handler: Handler;
}

export class Router {
  readonly #routes: readonly CompiledRoute[];

  /** Of two that fit, the first one counts. */
  constructor(routes: readonly Route[]) {
    this.#routes = routes.map(([method, pattern, handler]) => ({ method, pattern: compile(pattern), handler }));
  }

  /** @param path without its query @throws HttpFailure */
  match(method: string, path: string): Match {
    const [, , text, rest = ""] = /^(\/v(\d+\.\d+))?(\/.*)$/.exec(path) ?? [];
    const version = parseVersion(text);
    for (const route of this.#routes) {
      if (route.method !== method) continue;
      const groups = route.pattern.exec(rest)?.groups;
      if (groups) return { handler: route.handler, parameters: decoded(groups), version };
    }
    throw new HttpFailure(404, "page not found");
  }
}

function compile(pattern: string): RegExp {
  const source = pattern.replace(/\{(\w+)(\*?)\}/g, (_, name, all) => (all ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`));
  // A group that is always there, so that every match has groups.
  return new RegExp(`^(?<_>)${source}/?$`);
}

function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new HttpFailure(400, "the path is not valid percent-encoding");
  }
}
