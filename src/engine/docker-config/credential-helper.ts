/** Docker's credential helpers (docker/docker-credential-helpers): `docker-credential-NAME get` with the server on stdin. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { RegistryAuth } from "../engine.js";
import { CaissonError } from "../errors.js";

/** The user name that marks the secret as an OAuth2 refresh token. */
const TOKEN_USER = "<token>";

/** Undefined when the helper has none for this server. @throws REGISTRY_ERROR when it can't be run or answers nonsense */
export async function askHelper(helper: string, server: string, environment: NodeJS.ProcessEnv): Promise<RegistryAuth | undefined> {
  const program = `docker-credential-${helper}`;
  const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "pipe"], env: environment });
  child.stdin.on("error", () => {}); // one that doesn't read its input says more by its exit
  child.stdin.end(server);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  let output: string;
  let errors: string;
  let code: number | null;
  try {
    [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  } catch (cause) {
    throw failure(program, server, (cause as Error).message, cause);
  }
  if (code !== 0) {
    if (/credentials not found/i.test(output + errors)) return undefined;
    // Helpers explain themselves on their stdout, which is where the secret would be as well.
    const words = /"Secret"/i.test(output) ? "it answers all the same" : output;
    throw failure(program, server, `exit code ${code}: ${(errors || words).trim()}`);
  }
  const found = parse(output);
  if (!found) throw failure(program, server, "its answer has no Username and Secret");
  return found.Username === TOKEN_USER ? { identityToken: found.Secret } : { username: found.Username, password: found.Secret };
}

function parse(output: string): { Username: string; Secret: string } | undefined {
  try {
    const { Username, Secret } = JSON.parse(output) as { Username?: unknown; Secret?: unknown };
    return typeof Username === "string" && typeof Secret === "string" ? { Username, Secret } : undefined;
  } catch {
    return undefined;
  }
}

function failure(program: string, server: string, reason: string, cause?: unknown): CaissonError<"REGISTRY_ERROR"> {
  return new CaissonError("REGISTRY_ERROR", `${program} gives no credentials for ${server}: ${reason}`, {
    facts: { registry: server },
    cause,
    remedy: `Install ${program}, or take it out of docker's config.json.`,
  });
}
