/**
 * Services that refuse to be root, or change to another user, as a user who has one id alone: `npm test` makes such a user, and gives him the
 * images, which he can't build from Debian's packages.
 */

import { createReadStream } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { Container, Wait } from "../../src/index.js";
import { removeTree, SINGLE_ID } from "../fixtures/rootless.js";

const IMAGES = process.env["CAISSON_TEST_IMAGES"];

// Elsewhere the tests of services start them with all the ids that they want.
describe.runIf(SINGLE_ID && IMAGES)("with a single id", () => {
  let home: string;
  let engine: Engine;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "caisson-single-"));
    engine = await openEngine({ engine: "builtin", home });
    await engine.images.load(createReadStream(IMAGES!));
  }, 120_000);
  afterAll(async () => {
    await engine?.close();
    await removeTree(home);
  });

  it("Postgres answers a query, from a volume of its own", async () => {
    const mounts = [{ source: "data", target: "/var/lib/postgresql/data" }];
    const postgres = await new Container("postgres", { engine }).withVolumes(mounts).start();
    const client = new pg.Client({ host: postgres.getHost(), port: postgres.getMappedPort(5432), user: "postgres", password: "postgres" });
    await client.connect();
    expect((await client.query("SELECT 6 * 7 AS answer")).rows).toEqual([{ answer: 42 }]);
    await client.end();
    expect((await postgres.exec(["id", "-un"])).output.trim()).toBe("postgres");
    expect((await postgres.exec(["id", "-un"], { user: "root" })).output.trim()).toBe("root");
    await postgres.stop();
  }, 60_000);

  it.each(["privileged", "without a filter"] as const)(
    "Postgres starts %s as well",
    async (how) => {
      const container = new Container("postgres", { engine });
      if (how === "privileged") container.withPrivilegedMode();
      else container.withSecurityOpt("seccomp=unconfined");
      const postgres = await container.start();
      expect((await postgres.exec(["psql", "-U", "postgres", "-tAc", "SELECT 6 * 7"])).output.trim()).toBe("42");
      await postgres.stop();
    },
    60_000,
  );

  it("Redis keeps what it is told", async () => {
    const redis = await new Container("redis", { engine }).start();
    expect((await redis.exec(["redis-cli", "set", "a", "b"])).output.trim()).toBe("OK");
    expect((await redis.exec(["redis-cli", "get", "a"])).output.trim()).toBe("b");
    await redis.stop();
  }, 60_000);

  it("nginx serves its page", async () => {
    const nginx = await new Container("nginx", { engine }).withExposedPorts(80).withWaitStrategy(Wait.forHttp("/", 80)).start();
    const answer = await fetch(`http://${nginx.getHost()}:${nginx.getMappedPort(80)}/`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("nginx")]);
    await nginx.stop();
  }, 60_000);
});
