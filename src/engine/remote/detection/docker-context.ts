/** Docker's contexts (docker/cli, cli/context/store): what a file of the store says, and where its files are. Pure. */
import { createHash } from "node:crypto";
import path from "node:path";

/** The docker command's own name for "no context": DOCKER_HOST, else the usual socket. */
const DEFAULT_CONTEXT = "default";

/** The context that was chosen, if any, and by whom. DOCKER_CONTEXT wins over `currentContext` of config.json. */
export function chosenContext(
  environment: NodeJS.ProcessEnv,
  currentContext: string | undefined,
): { readonly name: string; readonly by: "DOCKER_CONTEXT" | "currentContext" } | undefined {
  const named = environment["DOCKER_CONTEXT"];
  const chosen = named ? ({ name: named, by: "DOCKER_CONTEXT" } as const) : ({ name: currentContext, by: "currentContext" } as const);
  return chosen.name === undefined || chosen.name === "" || chosen.name === DEFAULT_CONTEXT ? undefined : { ...chosen, name: chosen.name };
}

/** @param configDirectory DOCKER_CONFIG, or `~/.docker` */
export function contextPaths(configDirectory: string, name: string): { readonly meta: string; readonly tls: string } {
  const id = createHash("sha256").update(name).digest("hex");
  return {
    meta: path.join(configDirectory, "contexts", "meta", id, "meta.json"),
    tls: path.join(configDirectory, "contexts", "tls", id, "docker"),
  };
}

export interface ContextEndpoint {
  readonly host: string;
  readonly skipTlsVerify: boolean;
}

/** The name of a context and where its daemon is; undefined for what is no context of Docker's. */
export function parseContext(text: string): { readonly name: string; readonly endpoint: ContextEndpoint | undefined } | undefined {
  const meta = objectOf(text) as { Name?: unknown; Endpoints?: { docker?: { Host?: unknown; SkipTLSVerify?: unknown } } } | undefined;
  if (typeof meta?.Name !== "string") return undefined;
  const { Host, SkipTLSVerify } = meta.Endpoints?.docker ?? {};
  return {
    name: meta.Name,
    endpoint: typeof Host === "string" && Host !== "" ? { host: Host, skipTlsVerify: SkipTLSVerify === true } : undefined,
  };
}

/** `currentContext` of a config.json. */
export function currentContextOf(text: string): string | undefined {
  const { currentContext } = (objectOf(text) ?? {}) as { currentContext?: unknown };
  return typeof currentContext === "string" ? currentContext : undefined;
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
