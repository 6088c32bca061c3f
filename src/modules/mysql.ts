/**
 * MySQL and MariaDB, by the contracts of the official images (https://hub.docker.com/_/mysql, https://hub.docker.com/_/mariadb). The server
 * that fills a new database listens on a unix socket alone, so the port tells; MySQL's image exposes that of its X protocol as well.
 */
import type { ServiceDefaults } from "./service-defaults.js";

/** As prefix_NAME; each may also come from a file. */
const ROOT_PASSWORD_VARIABLES = ["ROOT_PASSWORD", "ROOT_PASSWORD_HASH", "ALLOW_EMPTY_ROOT_PASSWORD", "RANDOM_ROOT_PASSWORD"];

const variables = (prefix: string): string[] =>
  [...ROOT_PASSWORD_VARIABLES, "ALLOW_EMPTY_PASSWORD"].flatMap((name) => [`${prefix}_${name}`, `${prefix}_${name}_FILE`]);

export const mysql: ServiceDefaults = {
  images: ["mysql", "mysql-server", "percona", "percona-server"],
  environment: { MYSQL_ROOT_PASSWORD: "mysql" },
  unless: variables("MYSQL"),
  ports: [3306],
};

export const mariadb: ServiceDefaults = {
  images: ["mariadb"],
  environment: { MARIADB_ROOT_PASSWORD: "mariadb" },
  unless: [...variables("MARIADB"), ...variables("MYSQL")],
  ports: [3306],
};
