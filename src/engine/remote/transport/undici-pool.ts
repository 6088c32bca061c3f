/**
 * undici's pool with its requests, and nothing else of undici: caches, mocks, proxies and fetch would be a third of a client's
 * memory. Where another version of undici has its parts elsewhere, all of it is loaded.
 */
import { createRequire } from "node:module";
import type { Pool } from "undici";

interface UndiciPool {
  readonly Pool: typeof Pool;
  readonly request: Pool["request"];
}

let parts: UndiciPool | undefined;

/** Connects to nothing yet. */
export function openPool(origin: string, options: Pool.Options): Pool {
  parts ??= loadParts(createRequire(import.meta.url));
  // undici's index gives every dispatcher its requests; here they are this pool's own.
  return Object.assign(new parts.Pool(origin, options), { request: parts.request });
}

function loadParts(load: NodeJS.Require): UndiciPool {
  try {
    const Pool: unknown = load("undici/lib/dispatcher/pool.js");
    const request: unknown = load("undici/lib/api/api-request.js");
    if (typeof Pool === "function" && typeof request === "function") return { Pool, request } as UndiciPool;
  } catch {
    // They are no part of undici's interface.
  }
  const { Pool } = load("undici") as typeof import("undici");
  return { Pool, request: Pool.prototype.request };
}
