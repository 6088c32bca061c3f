/** What the environment and its files say about daemons: read once, decided on by pure functions. */
import { readdir, readFile, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { ChosenContext, DetectionFacts } from "./daemon-steps.js";
import { chosenContext, contextPaths, currentContextOf, parseContext } from "./docker-context.js";
import { parseProperties } from "./java-properties.js";

/** Files are read only where they can matter: not when the caller or DOCKER_HOST has said which daemon it is. */
export async function readDetectionFacts(host: string | undefined, environment: NodeJS.ProcessEnv): Promise<DetectionFacts> {
  const home = environment["HOME"] || environment["USERPROFILE"] || os.homedir();
  const told = host !== undefined || Boolean(environment["DOCKER_HOST"]);
  const config = environment["DOCKER_CONFIG"] || path.join(home, ".docker");
  const [context, properties] = await Promise.all([
    told ? undefined : readContext(config, environment),
    readText(path.join(home, ".testcontainers.properties")),
  ]);
  return {
    platform: process.platform,
    uid: process.getuid?.(),
    home,
    environment,
    host,
    context,
    properties: properties === undefined ? {} : parseProperties(properties),
  };
}

async function readContext(config: string, environment: NodeJS.ProcessEnv): Promise<ChosenContext | undefined> {
  const text = environment["DOCKER_CONTEXT"] ? undefined : await readText(path.join(config, "config.json"));
  const chosen = chosenContext(environment, text === undefined ? undefined : currentContextOf(text));
  if (!chosen) return undefined;
  const paths = contextPaths(config, chosen.name);
  const meta = await readText(paths.meta);
  const parsed = meta === undefined ? undefined : parseContext(meta);
  const [ca, certificate, key] = await Promise.all(["ca.pem", "cert.pem", "key.pem"].map((name) => existing(path.join(paths.tls, name))));
  return {
    ...chosen,
    endpoint: parsed?.endpoint,
    tls: { ca, certificate, key },
    known: parsed?.endpoint ? [] : await knownContexts(config),
  };
}

async function knownContexts(config: string): Promise<readonly string[]> {
  const directory = path.join(config, "contexts", "meta");
  const entries = await readdir(directory).catch(() => []);
  const texts = await Promise.all(entries.map((entry) => readText(path.join(directory, entry, "meta.json"))));
  return texts.flatMap((text) => (text === undefined ? [] : (parseContext(text)?.name ?? []))).sort();
}

async function existing(file: string): Promise<string | undefined> {
  return stat(file).then(
    () => file,
    () => undefined,
  );
}

/** What can't be read says nothing: these files belong to others, and most users have none of them. */
async function readText(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(() => undefined);
}
