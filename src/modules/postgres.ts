/** PostgreSQL, as the official image's documentation describes its contract (https://hub.docker.com/_/postgres). */
import { PostgresWait } from "./postgres-wait.js";
import type { ServiceDefaults } from "./service-defaults.js";

export const postgres: ServiceDefaults = {
  images: ["postgres", "postgis", "timescaledb", "pgvector"],
  environment: { POSTGRES_PASSWORD: "postgres" },
  unless: ["POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_HOST_AUTH_METHOD"],
  ports: [5432],
  ready: (port) => new PostgresWait(port),
};
