/** What runs in a container: the spec's wishes over the image's configuration (OCI image-spec config.md, Docker's rules of ENTRYPOINT and CMD). */
import type { ContainerSpec, ImageConfig } from "../../engine.js";
import { optionError } from "../../errors.js";
import { type ProcessUser, resolveUser, type UserDatabase } from "./users.js";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface ResolvedProcess {
  readonly argv: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** `NAME=value`, one of each name. */
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly hostname: string;
  readonly stopSignal: string;
  readonly user: ProcessUser;
}

export interface ProcessOptions {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly image: ImageConfig;
  readonly users: UserDatabase;
  /** Whether the environment tells the hostname. @default true */
  readonly tellHostname?: boolean | undefined;
}

/** @throws OPTION_INVALID without a command, for an unknown user or a relative working directory */
export function resolveProcess({ id, spec, image, users, tellHostname = true }: ProcessOptions): ResolvedProcess {
  const entrypoint = spec.entrypoint ?? image.entrypoint ?? [];
  // An entrypoint of one's own makes the image's command meaningless: it was written for the image's entrypoint.
  const command = spec.command ?? (spec.entrypoint === undefined ? (image.command ?? []) : []);
  const argv = [...entrypoint, ...command];
  if (argv.length === 0) throw optionError("command", spec.command, "a command, as the image has neither ENTRYPOINT nor CMD");
  const user = resolveUser(spec.user ?? image.user, users, spec.groupAdd);
  const workingDir = spec.workingDir ?? (image.workingDir || "/");
  if (!workingDir.startsWith("/")) throw optionError("workingDir", workingDir, "an absolute path");
  const hostname = spec.hostname ?? id.slice(0, 12);
  const defaults = [`PATH=${DEFAULT_PATH}`, ...(tellHostname ? [`HOSTNAME=${hostname}`] : []), ...(spec.tty ? ["TERM=xterm"] : [])];
  const own = Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`);
  return {
    argv,
    entrypoint,
    command,
    env: mergeEnvironment([...defaults, ...image.env, ...own], user.home),
    workingDir,
    hostname,
    stopSignal: spec.stopSignal ?? image.stopSignal ?? "SIGTERM",
    user,
  };
}

/** Later values win, in the place of the first; HOME comes from the user database unless somebody set it. */
export function mergeEnvironment(variables: readonly string[], home: string): string[] {
  const merged = new Map<string, string>();
  for (const variable of variables) {
    const equals = variable.indexOf("=");
    merged.set(equals < 0 ? variable : variable.slice(0, equals), equals < 0 ? "" : variable.slice(equals + 1));
  }
  if (!merged.has("HOME")) merged.set("HOME", home);
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

/** Value of PATH in an environment. */
export function searchPath(env: readonly string[]): string {
  return env.find((variable) => variable.startsWith("PATH="))?.slice(5) || DEFAULT_PATH;
}
