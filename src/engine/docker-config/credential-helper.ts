/** Docker's credential helpers (docker/docker-credential-helpers): `docker-credential-NAME get|store|erase`, with what it is about on stdin. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { RegistryAuth } from "../engine.js";
import { CaissonError } from "../errors.js";
import { lacksPipes } from "../lacks-pipes.js";

/** The user name that marks the secret as an OAuth2 refresh token. */
const TOKEN_USER = "<token>";

interface HelperCall {
  /** The end of the program's name. */
  readonly helper: string;
  readonly server: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Undefined when the helper has none for this server. @throws REGISTRY_ERROR when it can't be run or answers nonsense */
export async function askHelper(helper: string, server: string, environment: NodeJS.ProcessEnv): Promise<RegistryAuth | undefined> {
  const call: HelperCall = { helper, server, environment };
  const output = await talk(call, "get", server);
  if (output === undefined) return undefined;
  const found = parse(output);
  if (!found) throw failure(call, "gives no credentials for", "its answer has no Username and Secret");
  return found.Username === TOKEN_USER ? { identityToken: found.Secret } : { username: found.Username, password: found.Secret };
}

/** @throws REGISTRY_ERROR */
export async function tellHelper(helper: string, server: string, auth: RegistryAuth, environment: NodeJS.ProcessEnv): Promise<void> {
  const Username = auth.identityToken === undefined ? auth.username : TOKEN_USER;
  const Secret = auth.identityToken ?? auth.password ?? "";
  await talk({ helper, server, environment }, "store", JSON.stringify({ ServerURL: server, Username, Secret }));
}

/** What it does not have is no error. @throws REGISTRY_ERROR */
export async function haveHelperForget(helper: string, server: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await talk({ helper, server, environment }, "erase", server);
}

const FAILING = { get: "gives no credentials for", store: "keeps no credentials for", erase: "does not forget" } as const;

/** @returns what it answers; undefined where it has nothing */
async function talk(call: HelperCall, action: keyof typeof FAILING, input: string): Promise<string | undefined> {
  const child = spawn(programOf(call), [action], { stdio: ["pipe", "pipe", "pipe"], env: call.environment });
  const problem = lacksPipes(child);
  if (problem) throw failure(call, FAILING[action], (await problem).message, await problem);
  child.stdin.on("error", () => {}); // one that doesn't read its input says more by its exit
  child.stdin.end(input);
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
    throw failure(call, FAILING[action], (cause as Error).message, cause);
  }
  if (code === 0) return output;
  if (action !== "store" && /credentials not found/i.test(output + errors)) return undefined;
  // Helpers explain themselves on their stdout, which is where the secret would be as well.
  const words = /"Secret"/i.test(output) ? "it answers all the same" : output;
  throw failure(call, FAILING[action], `exit code ${code}: ${(errors || words).trim()}`);
}

function programOf({ helper }: HelperCall): string {
  return `docker-credential-${helper}`;
}

function parse(output: string): { Username: string; Secret: string } | undefined {
  try {
    const { Username, Secret } = JSON.parse(output) as { Username?: unknown; Secret?: unknown };
    return typeof Username === "string" && typeof Secret === "string" ? { Username, Secret } : undefined;
  } catch {
    return undefined;
  }
}

function failure(call: HelperCall, what: string, reason: string, cause?: unknown): CaissonError<"REGISTRY_ERROR"> {
  const program = programOf(call);
  return new CaissonError("REGISTRY_ERROR", `${program} ${what} ${call.server}: ${reason}`, {
    facts: { registry: call.server },
    cause,
    remedy: `Install ${program}, or take it out of docker's config.json.`,
  });
}
