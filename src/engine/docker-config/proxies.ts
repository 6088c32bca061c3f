/**
 * Proxies that docker's command line gives to containers and builds: `proxies` of config.json, of the daemon that is named there, else `default`
 * (https://docs.docker.com/engine/cli/proxy/).
 */
import { optionError } from "../errors.js";
import { configFile, type DockerConfig, readConfigFile } from "./config-file.js";

const VARIABLES: Readonly<Record<string, string>> = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  noProxy: "NO_PROXY",
  ftpProxy: "FTP_PROXY",
  allProxy: "ALL_PROXY",
};

/** @returns variables, in both spellings; none where there is no such file. @throws OPTION_INVALID for a configuration that can't be read */
export async function findProxies(environment: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>>> {
  const file = configFile(environment);
  const config = await readConfigFile(file);
  return config ? proxiesOf(config, environment["DOCKER_HOST"], file) : {};
}

/** @param daemon its address, if it was named. @param origin where the configuration stands, for messages. @throws OPTION_INVALID */
export function proxiesOf({ proxies }: DockerConfig, daemon: string | undefined, origin: string): Readonly<Record<string, string>> {
  const chosen = (daemon !== undefined && proxies?.[daemon]) || proxies?.["default"] || {};
  return Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([key, variable]) => {
      const value: unknown = chosen[key];
      if (value === undefined || value === "") return [];
      if (typeof value !== "string") throw optionError(`proxies in ${origin}: ${key}`, value, "a URL");
      return [
        [variable, value],
        [variable.toLowerCase(), value],
      ];
    }),
  );
}
