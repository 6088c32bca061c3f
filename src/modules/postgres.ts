/**
 * PostgreSQL, as the official image's documentation describes its contract (https://hub.docker.com/_/postgres). From listening until
 * recovery is done the server answers every session with 57P03 (cannot_connect_now): a session is begun, as far as the request for a
 * password.
 */
import { type Greeting, GreetingWait, notReady, READY } from "./greeting-wait.js";
import type { ServiceDefaults } from "./service-defaults.js";

/** Protocol 3.0 (PostgreSQL documentation, "Message Formats"). */
const PROTOCOL_VERSION = 196_608;
const CANNOT_CONNECT_NOW = "57P03";
const ERROR_RESPONSE = 0x45; // E
/** Of a message's type and length. */
const HEAD_BYTES = 5;

export const postgresGreeting: Greeting = {
  description: "PostgreSQL to accept sessions",
  hello: startupMessage(),
  judge(answer) {
    if (answer[0] !== ERROR_RESPONSE) return READY;
    if (answer.length < HEAD_BYTES || answer.length < 1 + answer.readUInt32BE(1)) return undefined;
    return answer.includes(`C${CANNOT_CONNECT_NOW}\0`) ? notReady(errorText(answer)) : READY;
  },
};

export const postgres: ServiceDefaults = {
  images: ["postgres", "postgis", "timescaledb", "pgvector"],
  environment: { POSTGRES_PASSWORD: "postgres" },
  unless: ["POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_HOST_AUTH_METHOD"],
  ports: [5432],
  ready: (port) => new GreetingWait(port, postgresGreeting),
};

function startupMessage(): Buffer {
  const parameters = Buffer.from("user\0postgres\0database\0postgres\0\0");
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + parameters.length, 0);
  head.writeUInt32BE(PROTOCOL_VERSION, 4);
  return Buffer.concat([head, parameters]);
}

/** The field M of an ErrorResponse. */
function errorText(message: Buffer): string {
  const fields = message.subarray(HEAD_BYTES).toString("utf8").split("\0");
  return fields.find((field) => field.startsWith("M"))?.slice(1) ?? CANNOT_CONNECT_NOW;
}
