/** The postgres image and its entry in the catalogue: a real server, a real client. */
import { gzipSync } from "node:zlib";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { Container, type StartedContainer } from "../../src/index.js";
import { openServiceImages } from "../fixtures/service-images.js";

let engine: Engine;

beforeAll(async () => {
  engine = await openServiceImages();
});

afterAll(() => engine?.close());

const server = (): Container => new Container("postgres:15", { engine });

async function query(
  postgres: StartedContainer,
  sql: string,
  { user = "postgres", password = "postgres", database = "postgres" } = {},
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ host: postgres.getHost(), port: postgres.getMappedPort(5432), user, password, database });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

it("starts without a word of configuration and answers a client", async () => {
  await using postgres = await server().start();
  expect(await query(postgres, "SELECT 41 + 1 AS answer")).toEqual([{ answer: 42 }]);
  expect(postgres.getFirstMappedPort()).toBe(postgres.getMappedPort(5432));
});

it("refuses a wrong password", async () => {
  await using postgres = await server().start();
  await expect(query(postgres, "SELECT 1", { password: "wrong" })).rejects.toMatchObject({ code: "28P01" });
});

it("makes the user and the database that it is told to, and runs what is in docker-entrypoint-initdb.d in order", async () => {
  await using postgres = await server()
    .withEnvironment({ POSTGRES_USER: "shop", POSTGRES_PASSWORD: "secret", POSTGRES_DB: "orders" })
    .withCopyContentToContainer([
      { target: "/docker-entrypoint-initdb.d/1-schema.sql", content: "CREATE TABLE orders (id int);" },
      {
        target: "/docker-entrypoint-initdb.d/2-data.sh",
        content: 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "INSERT INTO orders VALUES (7)"',
      },
      { target: "/docker-entrypoint-initdb.d/3-more.sql.gz", content: gzipSync("INSERT INTO orders VALUES (8);") },
    ])
    .start();
  expect(await query(postgres, "SELECT id FROM orders", { user: "shop", password: "secret", database: "orders" })).toEqual([
    { id: 7 },
    { id: 8 },
  ]);
});

it("runs as its own user, sorts as English does, and ends when asked", async () => {
  const postgres = await server().start();
  expect((await postgres.exec("stat -c %U /proc/1 /var/lib/postgresql/data/PG_VERSION")).stdout).toBe("postgres\npostgres\n");
  expect(await query(postgres, "SELECT 'a' < 'B' AS sorted")).toEqual([{ sorted: true }]);
  const stopped = await postgres.stop({ timeout: 60_000, remove: false });
  expect(await engine.containers.wait(stopped.getId())).toMatchObject({ exitCode: 0 });
  await stopped.remove();
});

it("runs as any user", async () => {
  await using postgres = await server().withUser("4321:4321").withEnvironment({ PGDATA: "/tmp/data" }).start();
  expect((await postgres.exec("stat -c %u /proc/1 /tmp/data/PG_VERSION")).stdout).toBe("4321\n4321\n");
  expect(await query(postgres, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

it("reads the password from a file", async () => {
  await using postgres = await server()
    .withEnvironment({ POSTGRES_PASSWORD_FILE: "/run/password" })
    .withCopyContentToContainer([{ target: "/run/password", content: "from a file\n" }])
    .start();
  expect(await query(postgres, "SELECT 1 AS one", { password: "from a file" })).toEqual([{ one: 1 }]);
});

it("keeps its data over a restart, without initialising again", async () => {
  await using postgres = await server().start();
  await query(postgres, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)");
  await postgres.restart({ timeout: 10_000 });
  expect(await query(postgres, "SELECT id FROM kept")).toEqual([{ id: 1 }]);
});

it("refuses to start without a password, and says so in the error", async () => {
  await expect(server().withEnvironment({ POSTGRES_PASSWORD: "" }).start()).rejects.toMatchObject({
    code: "CONTAINER_EXITED",
    message: expect.stringContaining("superuser password is not specified"),
    facts: { exitCode: 1 },
  });
});

it("an init script that fails is in the error", async () => {
  const broken = server().withCopyContentToContainer([{ target: "/docker-entrypoint-initdb.d/1.sql", content: "SELEKT 1;" }]);
  await expect(broken.start()).rejects.toMatchObject({
    code: "CONTAINER_EXITED",
    message: expect.stringContaining('syntax error at or near "SELEKT"'),
  });
});

it("several start side by side, each with a port and data of its own", async () => {
  const started = await Promise.all([1, 2, 3].map(() => server().start()));
  try {
    expect(new Set(started.map((postgres) => postgres.getMappedPort(5432))).size).toBe(3);
    await query(started[0]!, "CREATE TABLE mine (id int)");
    await expect(query(started[1]!, "SELECT * FROM mine")).rejects.toMatchObject({ code: "42P01" });
  } finally {
    await Promise.all(started.map((postgres) => postgres.stop()));
  }
});
