/** The mariadb image and its entry in the catalogue: a real server, a real client. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { Container, type StartedContainer } from "../../src/index.js";
import { converse } from "../fixtures/conversation.js";
import { openServiceImages } from "../fixtures/service-images.js";

let engine: Engine;

beforeAll(async () => {
  engine = await openServiceImages();
});

afterAll(() => engine?.close());

const server = (environment: Readonly<Record<string, string>> = {}): Container =>
  // Time zones are half of the time that it takes to make a database.
  new Container("mariadb", { engine }).withEnvironment({ MARIADB_INITDB_SKIP_TZINFO: "1", ...environment });

/** Over TCP, as from outside. */
async function query(started: StartedContainer, sql: string, user = "root", password = "mariadb"): Promise<string> {
  const command = ["mariadb", "--host=127.0.0.1", `--user=${user}`, `--password=${password}`, "--skip-column-names", "--batch", "-e", sql];
  const { exitCode, stdout, stderr } = await started.exec(command);
  if (exitCode !== 0) throw new Error(stderr.trim());
  return stdout.trim();
}

it("starts without a word of configuration, answers, knows time zones, and ends when asked", async () => {
  const started = await new Container("mariadb", { engine }).start();
  expect(await converse(started.getMappedPort(3306), "", /mysql_native_password/)).toContain("MariaDB");
  expect(await query(started, "SELECT 41 + 1")).toBe("42");
  expect(await query(started, "SELECT CONVERT_TZ('2026-07-01 12:00', 'UTC', 'Europe/Berlin')")).toBe("2026-07-01 14:00:00");
  await expect(query(started, "SELECT 1", "root", "wrong")).rejects.toThrow("Access denied for user 'root'");
  expect((await started.exec("stat -c %U /proc/1 /var/lib/mysql/ibdata1")).stdout).toBe("mysql\nmysql\n");
  expect(await started.exec("healthcheck.sh --connect --innodb_initialized")).toMatchObject({ exitCode: 0 });
  const stopped = await started.stop({ timeout: 60_000, remove: false });
  expect(await engine.containers.wait(stopped.getId())).toMatchObject({ exitCode: 0 });
  await stopped.remove();
});

it("makes the user and the database that it is told to, and runs what is in docker-entrypoint-initdb.d in order", async () => {
  const password = 'it\'s "secret" \\';
  await using started = await server({ MARIADB_USER: "shop", MARIADB_PASSWORD: password, MARIADB_DATABASE: "orders_1" })
    .withCopyContentToContainer([
      { target: "/docker-entrypoint-initdb.d/1-schema.sql", content: "CREATE TABLE orders (id int);" },
      { target: "/docker-entrypoint-initdb.d/2-data.sql.gz", content: gzipSync("INSERT INTO orders VALUES (7);") },
      {
        target: "/docker-entrypoint-initdb.d/3-more.sh",
        content: 'mariadb -uroot -p"$MARIADB_ROOT_PASSWORD" "$MARIADB_DATABASE" -e "INSERT INTO orders VALUES (8)"',
      },
    ])
    .start();
  expect(await query(started, "SELECT id FROM orders_1.orders", "shop", password)).toBe("7\n8");
  await expect(query(started, "SELECT * FROM mysql.user", "shop", password)).rejects.toThrow("denied");
  await expect(query(started, "CREATE DATABASE ordersX1", "shop", password)).rejects.toThrow("Access denied");
});

it("takes MySQL's names, files, and hashes", async () => {
  // PASSWORD("hashed")
  const hash = "*47ABA0BBE4CD4B3B9FA8F77A1C5D5B1B1A0D0F1D";
  await using started = await server({ MYSQL_ROOT_PASSWORD_FILE: "/run/password", MYSQL_USER: "shop", MYSQL_PASSWORD_HASH: hash })
    .withCopyContentToContainer([{ target: "/run/password", content: "from a file\n" }])
    .start();
  expect(await query(started, "SELECT authentication_string FROM mysql.user WHERE user = 'shop'", "root", "from a file")).toBe(hash);
});

it("makes a password and tells it in the log", async () => {
  await using started = await server({ MARIADB_RANDOM_ROOT_PASSWORD: "yes" }).start();
  let password: string | undefined;
  for await (const { line } of started.logs()) password ??= /GENERATED ROOT PASSWORD: (\S+)/.exec(line)?.[1];
  expect(await query(started, "SELECT 1", "root", password)).toBe("1");
});

it("lets everybody in where that is what they want, takes flags, and keeps its data over a restart", async () => {
  await using started = await server({ MYSQL_ALLOW_EMPTY_PASSWORD: "yes" }).withCommand(["--max-connections=42"]).start();
  expect(await query(started, "CREATE DATABASE kept; SELECT @@max_connections", "root", "")).toBe("42");
  await started.restart({ timeout: 30_000 });
  expect(await query(started, "SHOW DATABASES LIKE 'kept'", "root", "")).toBe("kept");
});

it("refuses to start without a password, and says so in the error", async () => {
  await expect(server({ MARIADB_ROOT_PASSWORD: "" }).start()).rejects.toMatchObject({
    code: "CONTAINER_EXITED",
    message: expect.stringContaining("password option is not specified"),
    facts: { exitCode: 1 },
  });
});

it("a mistake in its flags, or in an init script, is in the error", async () => {
  await expect(server().withCommand(["--no-such-flag"]).start()).rejects.toMatchObject({
    code: "CONTAINER_EXITED",
    message: expect.stringContaining("--no-such-flag"),
  });
  const broken = server().withCopyContentToContainer([{ target: "/docker-entrypoint-initdb.d/1.sql", content: "SELEKT 1;" }]);
  await expect(broken.start()).rejects.toMatchObject({ code: "CONTAINER_EXITED", message: expect.stringContaining("SELEKT") });
});
