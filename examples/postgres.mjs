// A real Postgres, a real client, and how long each phase took. `npm run quickstart` sees to the image, then runs this.
// In TypeScript, or with Node 24: `await using postgres = await new Container("postgres").start()`, and no try.
import { Container } from "caisson";
import pg from "pg";

const postgres = await new Container("postgres").start();
try {
  const client = new pg.Client({
    host: postgres.getHost(),
    port: postgres.getMappedPort(5432),
    user: "postgres",
    password: "postgres",
  });
  await client.connect();
  const { rows } = await client.query("SELECT version()");
  await client.end();

  console.log(rows[0].version);
  console.log(`mapped port ${postgres.getMappedPort(5432)}`);
  for (const [phase, ms] of Object.entries(postgres.getStartupTimings())) console.log(`${phase.padEnd(7)}${ms.toFixed(1)} ms`);
} finally {
  await postgres.stop();
}
