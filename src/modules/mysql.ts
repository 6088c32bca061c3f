/**
 * MySQL and MariaDB, by the contracts of the official images (https://hub.docker.com/_/mysql, https://hub.docker.com/_/mariadb). The server
 * that fills a new database listens on a unix socket alone. The real one listens before it accepts, and MariaDB never ends when it is
 * asked to in between; once it accepts it greets first (MySQL's documentation, "Connection Phase").
 */
import { type Greeting, GreetingWait, READY } from "./greeting-wait.js";
import type { ServiceDefaults } from "./service-defaults.js";

export const mysqlGreeting: Greeting = {
  description: "the database server to accept connections",
  hello: Buffer.alloc(0),
  // A greeting, or that there are too many of us: it accepts.
  judge: () => READY,
};

/** As prefix_NAME; each may also come from a file. */
const ROOT_PASSWORD_VARIABLES = ["ROOT_PASSWORD", "ROOT_PASSWORD_HASH", "ALLOW_EMPTY_ROOT_PASSWORD", "RANDOM_ROOT_PASSWORD"];

const variables = (prefix: string): string[] =>
  [...ROOT_PASSWORD_VARIABLES, "ALLOW_EMPTY_PASSWORD"].flatMap((name) => [`${prefix}_${name}`, `${prefix}_${name}_FILE`]);

export const mysql: ServiceDefaults = {
  images: ["mysql", "mysql-server", "percona", "percona-server"],
  environment: { MYSQL_ROOT_PASSWORD: "mysql" },
  unless: variables("MYSQL"),
  ports: [3306],
  ready: (port) => new GreetingWait(port, mysqlGreeting),
};

export const mariadb: ServiceDefaults = {
  images: ["mariadb"],
  environment: { MARIADB_ROOT_PASSWORD: "mariadb" },
  unless: [...variables("MARIADB"), ...variables("MYSQL")],
  ports: [3306],
  ready: (port) => new GreetingWait(port, mysqlGreeting),
};
