// What examples/postgres.mjs does, on a machine that may take its time: $CAISSON_TEST_PATIENCE times the default.
import { Container } from "caisson";
import pg from "pg";

const DEFAULT_MS = 60_000;

const startupTimeoutMs = DEFAULT_MS * Number(process.env["CAISSON_TEST_PATIENCE"] ?? 1);
const postgres = await new Container("postgres").withStartupTimeout(startupTimeoutMs).start();
try {
  const client = new pg.Client(`postgres://postgres:postgres@${postgres.getHost()}:${postgres.getMappedPort(5432)}`);
  await client.connect();
  console.log((await client.query("SELECT version()")).rows[0].version, postgres.getStartupTimings());
  await client.end();
} finally {
  await postgres.stop();
}
