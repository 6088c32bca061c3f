/** Keeping credentials where docker looks for them: with the credential helper that config.json names, else in config.json itself. */
import type { RegistryAuth } from "../engine.js";
import { configFile, type DockerAuth, helperOf, isEntryOf, keyOf, readConfigFile, writeAuths } from "./config-file.js";
import { haveHelperForget, tellHelper } from "./credential-helper.js";

export interface KeptCredentials {
  /** The credential helper that has them; undefined where they are in the file, which hides them from nobody who may read it. */
  readonly helper: string | undefined;
  readonly file: string;
}

/** @param domain a reference's registry. @throws OPTION_INVALID for a configuration that can't be read, REGISTRY_ERROR of a helper */
export async function keepCredentials(domain: string, auth: RegistryAuth, environment: NodeJS.ProcessEnv): Promise<KeptCredentials> {
  const file = configFile(environment);
  const helper = helperOf((await readConfigFile(file)) ?? {}, domain);
  if (helper) await tellHelper(helper, keyOf(domain), auth, environment);
  await writeAuths(file, (auths) => {
    forget(auths, domain);
    // Of what a helper has, docker keeps the name.
    auths[keyOf(domain)] = helper ? {} : entryOf(auth);
  });
  return { helper, file };
}

/** What is not there is no error. @throws OPTION_INVALID, REGISTRY_ERROR */
export async function forgetCredentials(domain: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const file = configFile(environment);
  const config = await readConfigFile(file);
  if (!config) return;
  const helper = helperOf(config, domain);
  if (helper) await haveHelperForget(helper, keyOf(domain), environment);
  if (Object.keys(config.auths ?? {}).some((key) => isEntryOf(domain, key))) await writeAuths(file, (auths) => forget(auths, domain));
}

function forget(auths: Record<string, DockerAuth>, domain: string): void {
  for (const key of Object.keys(auths)) if (isEntryOf(domain, key)) delete auths[key];
}

function entryOf({ username = "", password = "", identityToken }: RegistryAuth): DockerAuth {
  const auth = Buffer.from(`${username}:${identityToken === undefined ? password : ""}`).toString("base64");
  return identityToken === undefined ? { auth } : { auth, identitytoken: identityToken };
}
