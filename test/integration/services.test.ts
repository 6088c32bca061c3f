/** The light services of examples/images, started without a word of configuration and with some: a real server, a real client. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { Container, type StartedContainer } from "../../src/index.js";
import { converse } from "../fixtures/conversation.js";
import { openServiceImages } from "../fixtures/service-images.js";

let engine: Engine;

beforeAll(async () => {
  engine = await openServiceImages();
});

afterAll(() => engine?.close());

const service = (image: string): Container => new Container(image, { engine });

/** Whose the first process is. */
async function userOf(started: StartedContainer): Promise<string> {
  return (await started.exec(["stat", "-c", "%U", "/proc/1"])).stdout.trim();
}

/** How it ends when it is asked to with the image's signal, long before it would be killed. */
async function exitOf(started: StartedContainer): Promise<{ exitCode: number; signal?: string | undefined }> {
  const stopped = await started.stop({ timeout: 60_000, remove: false });
  const { exitCode, signal } = await engine.containers.wait(stopped.getId());
  await stopped.remove();
  return { exitCode, signal };
}

const url = (started: StartedContainer, port: number, path: string): string => `http://localhost:${started.getMappedPort(port)}${path}`;
/** On a connection of its own: some servers wait for idle ones to be closed before they end. */
const ask = (started: StartedContainer, port: number, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url(started, port, path), { ...init, headers: { connection: "close" } });
const get = async (started: StartedContainer, port: number, path: string): Promise<string> => (await ask(started, port, path)).text();

async function logOf(started: StartedContainer): Promise<string[]> {
  const lines: string[] = [];
  for await (const { stream, line } of started.logs()) lines.push(`${stream}: ${line}`);
  return lines;
}

describe("redis", () => {
  const tell = (started: StartedContainer, ...commands: string[]) =>
    converse(started.getMappedPort(6379), `${commands.join("\r\n")}\r\nECHO the-end\r\n`, /the-end|NOAUTH.*NOAUTH/s);

  it("keeps what it is told, as its own user, in /data, and ends when asked", async () => {
    const started = await service("redis").start();
    expect(await tell(started, "SET key value", "GET key", "SAVE")).toContain("+OK\r\n$5\r\nvalue\r\n+OK\r\n");
    expect(await userOf(started)).toBe("redis");
    expect((await started.exec(["stat", "-c", "%U", "/data/dump.rdb"])).stdout).toBe("redis\n");
    expect(await exitOf(started)).toEqual({ exitCode: 0 });
  });

  it("takes flags, and refuses who has no password", async () => {
    await using started = await service("redis").withCommand(["--requirepass", "secret"]).start();
    expect(await tell(started, "GET key")).toContain("-NOAUTH");
    expect(await tell(started, "AUTH secret", "PING")).toContain("+OK\r\n+PONG\r\n");
  });

  it("takes a configuration file, whose protected mode it leaves alone", async () => {
    await using started = await service("redis")
      .withCommand(["/usr/local/etc/redis.conf"])
      .withCopyContentToContainer([{ target: "/usr/local/etc/redis.conf", content: "protected-mode yes\nbind 0.0.0.0\n" }])
      .start();
    const { stdout } = await started.exec(["redis-cli", "config", "get", "protected-mode"]);
    expect(stdout).toBe("protected-mode\nyes\n");
  });

  it("runs another command as it is", async () => {
    await using started = await service("redis").withCommand(["sh", "-c", "id -un; exec sleep 60"]).withExposedPorts().start();
    expect(await userOf(started)).toBe("root");
  });
});

describe("memcached", () => {
  it("keeps what it is told, as its own user", async () => {
    const started = await service("memcached").withCommand(["-m", "32"]).start();
    const heard = await converse(
      started.getMappedPort(11_211),
      "set key 0 0 5\r\nvalue\r\nget key\r\nstats settings\r\n",
      /END\r\n.*END\r\n/s,
    );
    expect(heard).toContain("STORED\r\nVALUE key 0 5\r\nvalue\r\nEND\r\n");
    expect(heard).toContain(`STAT maxbytes ${32 * 2 ** 20}\r\n`);
    expect(await userOf(started)).toBe("memcache");
    expect(await exitOf(started)).toEqual({ exitCode: 0 });
  });
});

describe("nats", () => {
  it("passes messages on and is watched over HTTP", async () => {
    const started = await service("nats").start();
    expect(await converse(started.getMappedPort(4222), "CONNECT {}\r\nSUB news 1\r\nPUB news 5\r\nhello\r\nPING\r\n", /PONG/)).toContain(
      "MSG news 1 5\r\nhello\r\n",
    );
    expect(JSON.parse(await get(started, 8222, "/varz"))).toMatchObject({ port: 4222, cluster: { cluster_port: 6222 } });
    expect((await exitOf(started)).signal).toBeUndefined();
  });

  it("takes flags, with which most of its ports stay closed, and refuses a wrong password", async () => {
    await using started = await service("nats").withCommand(["--jetstream", "--user", "app", "--pass", "secret"]).start();
    const connect = (pass: string) =>
      converse(started.getMappedPort(4222), `CONNECT {"user":"app","pass":"${pass}"}\r\nPING\r\n`, /PONG|-ERR/);
    expect(await connect("secret")).toContain('"jetstream":true');
    expect(await connect("wrong")).toContain("Authorization Violation");
  });
});

describe("eclipse-mosquitto", () => {
  const field = (bytes: Buffer | string): Buffer => Buffer.concat([Buffer.from([0, bytes.length]), Buffer.from(bytes)]);
  const packet = (type: number, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([type, body.length]), body]);
  };
  const connect = packet(0x10, field("MQTT"), Buffer.from([4, 2, 0, 60]), field("test"));
  const subscribe = packet(0x82, Buffer.from([0, 1]), field("news"), Buffer.from([0]));
  const publish = packet(0x30, field("news"), Buffer.from("hello"));

  it("is reached from outside without configuration, and passes messages on, as its own user", async () => {
    const started = await service("eclipse-mosquitto").start();
    const heard = await converse(started.getMappedPort(1883), Buffer.concat([connect, subscribe, publish]), /hello/);
    expect(Buffer.from(heard, "latin1").subarray(0, 4)).toEqual(Buffer.from([0x20, 2, 0, 0]));
    expect(await userOf(started)).toBe("mosquitto");
    expect(await exitOf(started)).toEqual({ exitCode: 0 });
  });

  it("keeps to the configuration that it is given", async () => {
    await using started = await service("eclipse-mosquitto")
      .withCopyContentToContainer([{ target: "/mosquitto/config/mosquitto.conf", content: "listener 1883\nallow_anonymous false\n" }])
      .start();
    const NOT_AUTHORISED = "\x20\x02\x00\x05";
    expect(await converse(started.getMappedPort(1883), connect, /.{4}/s)).toBe(NOT_AUTHORISED);
  });
});

describe("nginx", () => {
  it("shows its page, writes its log to stdout, works as its own user, and ends when asked", async () => {
    const started = await service("nginx").start();
    expect(await get(started, 80, "/")).toContain("<h1>Welcome to nginx!</h1>");
    expect(await logOf(started)).toEqual(expect.arrayContaining([expect.stringMatching(/^stdout: .* "GET \/ HTTP\/1.1" 200 /)]));
    const { stdout } = await started.exec(["sh", "-c", "stat -c %U /proc/[0-9]*"]);
    expect(stdout).toContain("nginx\n");
    expect(await exitOf(started)).toEqual({ exitCode: 0 });
  });

  it("shows files, fills in templates, and runs what is in docker-entrypoint.d", async () => {
    await using started = await service("nginx")
      .withEnvironment({ GREETING: "hello from a variable" })
      .withCopyContentToContainer([
        { target: "/usr/share/nginx/html/mine.html", content: "mine" },
        { target: "/etc/nginx/templates/site.conf.template", content: `server { listen 81; return 200 "$${"{GREETING}"} at $host"; }` },
        { target: "/docker-entrypoint.d/40-mine.sh", content: "#!/bin/sh\necho written >/usr/share/nginx/html/script.html\n", mode: 0o755 },
      ])
      .withExposedPorts(80, 81)
      .start();
    expect(await get(started, 80, "/mine.html")).toBe("mine");
    expect(await get(started, 80, "/script.html")).toBe("written\n");
    expect(await get(started, 81, "/")).toBe("hello from a variable at localhost");
  });
});

describe("etcd", () => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const call = async (started: StartedContainer, method: string, body: object): Promise<Record<string, unknown>> =>
    (await ask(started, 2379, `/v3/kv/${method}`, { method: "POST", body: JSON.stringify(body) })).json() as never;

  it("is reached from outside without configuration, and keeps what it is told", async () => {
    const started = await service("quay.io/coreos/etcd").withEnvironment({ ETCD_NAME: "named" }).start();
    await call(started, "put", { key: base64("key"), value: base64("value") });
    expect(await call(started, "range", { key: base64("key") })).toMatchObject({ kvs: [{ value: base64("value") }] });
    expect((await started.exec("etcdctl --endpoints=localhost:2379 member list")).stdout).toContain(", named, ");
    expect((await exitOf(started)).signal).not.toBe("SIGKILL");
  });

  it("takes flags, which no variable contradicts", async () => {
    const listen = ["--listen-client-urls", "http://0.0.0.0:2379", "--advertise-client-urls", "http://0.0.0.0:2379"];
    await using started = await service("quay.io/coreos/etcd")
      .withCommand(["/usr/local/bin/etcd", ...listen])
      .start();
    expect(await get(started, 2379, "/health")).toBe('{"health":"true"}');
  });
});

describe("registry", () => {
  it("keeps images, in /var/lib/registry", async () => {
    const started = await service("registry").withEnvironment({ REGISTRY_STORAGE_DELETE_ENABLED: "true" }).start();
    const name = `localhost:${started.getMappedPort(5000)}/team/nats:1`;
    await engine.images.tag("nats", name);
    try {
      await engine.images.push(name);
    } finally {
      await engine.images.remove(name);
    }
    expect(JSON.parse(await get(started, 5000, "/v2/team/nats/tags/list"))).toEqual({ name: "team/nats", tags: ["1"] });
    expect((await started.exec("ls /var/lib/registry/docker/registry/v2/repositories/team")).stdout).toBe("nats\n");
    expect((await exitOf(started)).signal).not.toBe("SIGKILL");
  });
});

describe("haproxy", () => {
  it("serves by the configuration that it is given, as its own user, and ends when asked", async () => {
    const configuration = [
      "defaults",
      "  mode http",
      "  timeout client 5s",
      "frontend all",
      "  bind :8080",
      '  http-request return status 200 content-type text/plain string "hello"',
    ];
    const started = await service("haproxy")
      .withCopyContentToContainer([{ target: "/usr/local/etc/haproxy/haproxy.cfg", content: `${configuration.join("\n")}\n` }])
      .withExposedPorts(8080)
      .start();
    expect(await converse(started.getMappedPort(8080), "GET / HTTP/1.0\r\n\r\n", /hello/)).toMatch(/^HTTP\/1.1 200 /);
    expect(await userOf(started)).toBe("haproxy");
    // Its worker listens before the master, whom signals are for, heeds them: what comes while they are blocked is lost on it.
    await expect.poll(async () => (await started.exec("grep SigBlk /proc/1/status")).stdout, { timeout: 30_000 }).toMatch(/\t0+\n/);
    expect(await exitOf(started)).toEqual({ exitCode: 0 });
  });
});

describe("caddy", () => {
  it("shows its page without configuration", async () => {
    const started = await service("caddy").start();
    expect(await get(started, 80, "/")).toContain("Caddy");
    expect(await exitOf(started)).toEqual({ exitCode: 0 });
  });

  it("takes a Caddyfile", async () => {
    await using started = await service("caddy")
      .withCopyContentToContainer([{ target: "/etc/caddy/Caddyfile", content: ':8000\nrespond "hello"\n' }])
      .withExposedPorts(8000)
      .start();
    expect(await get(started, 8000, "/")).toBe("hello");
  });
});

describe("victoria-metrics", () => {
  it("keeps what it is told", async () => {
    const started = await service("victoriametrics/victoria-metrics").withCommand(["-retentionPeriod=10y"]).start();
    await ask(started, 8428, "/api/v1/import/prometheus", { method: "POST", body: 'temperature{room="1"} 21\n' });
    const flushed = async (): Promise<string> => {
      await get(started, 8428, "/internal/force_flush");
      return get(started, 8428, "/api/v1/export?match[]=temperature");
    };
    await expect.poll(flushed, { timeout: 10_000 }).toContain('"room":"1"},"values":[21]');
    expect(await exitOf(started)).toEqual({ exitCode: 0 });
  });
});

describe("influxdb", () => {
  const query = async (started: StartedContainer, q: string, user = "admin", password = "secret") => {
    const answer = await ask(started, 8086, `/query?${new URLSearchParams({ db: "orders", q, u: user, p: password })}`);
    return { status: answer.status, body: await answer.text() };
  };

  it("answers without configuration", async () => {
    await using started = await service("influxdb").start();
    await (await ask(started, 8086, "/query?q=CREATE+DATABASE+orders", { method: "POST" })).text();
    expect((await query(started, "SHOW DATABASES")).body).toContain('"values":[["orders"]]');
  });

  it("makes users and a database, runs what is in docker-entrypoint-initdb.d, and refuses wrong passwords", async () => {
    const started = await service("influxdb")
      .withEnvironment({
        ...{ INFLUXDB_DB: "orders", INFLUXDB_HTTP_AUTH_ENABLED: "true", INFLUXDB_ADMIN_USER: "admin", INFLUXDB_ADMIN_PASSWORD: "secret" },
        ...{ INFLUXDB_READ_USER: "reader", INFLUXDB_READ_USER_PASSWORD: "it's read" },
      })
      .withCopyContentToContainer([
        { target: "/docker-entrypoint-initdb.d/1.iql", content: "CREATE DATABASE more" },
        {
          target: "/docker-entrypoint-initdb.d/2.sh",
          content: "influx -username admin -password secret -database more -execute 'INSERT one value=1'",
        },
      ])
      .start();
    expect((await query(started, "SHOW DATABASES")).body).toContain('"values":[["orders"],["more"]]');
    expect((await query(started, "SELECT value FROM more..one")).body).toContain(",1]]");
    expect((await query(started, "SHOW MEASUREMENTS", "reader", "it's read")).status).toBe(200);
    expect((await query(started, "SHOW MEASUREMENTS", "reader", "wrong")).status).toBe(401);
    expect((await exitOf(started)).signal).not.toBe("SIGKILL");
  });
});
