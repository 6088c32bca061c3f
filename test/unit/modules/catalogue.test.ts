import { describe, expect, it } from "vitest";
import { serviceEnvironment, serviceFiles, servicePorts, serviceWait } from "../../../src/container/apply-service-defaults.js";
import type { ContainerSpec } from "../../../src/engine/engine.js";
import { serviceDefaults } from "../../../src/modules/catalogue.js";

describe("the catalogue", () => {
  it.each(["postgres", "postgres:16-alpine", "docker.io/library/postgres", "localhost:5000/team/postgres@sha256:abc"])(
    "knows %s",
    (image) => {
      expect(serviceDefaults(image)?.ports).toEqual([5432]);
    },
  );

  it.each([
    ["mysql:9", 3306],
    ["mariadb:11", 3306],
    ["redis:7-alpine", 6379],
    ["valkey/valkey", 6379],
    ["rabbitmq:management", 5672],
    ["nats", 4222],
    ["eclipse-mosquitto:2", 1883],
    ["quay.io/coreos/etcd:v3.5.0", 2379],
    ["caddy", 80],
  ])("knows %s", (image, port) => {
    expect(serviceDefaults(image)?.ports).toEqual([port]);
  });

  it("does not take another image for one it knows", () => {
    expect(serviceDefaults("postgres-exporter")).toBeUndefined();
    expect(serviceDefaults("postgres/tools")).toBeUndefined();
  });
});

describe("serviceEnvironment", () => {
  const environment = (spec: ContainerSpec, imageEnv: readonly string[] = []) =>
    serviceEnvironment(serviceDefaults(spec.image), spec, { env: imageEnv });

  it.each([
    ["postgres", { POSTGRES_PASSWORD: "postgres" }],
    ["mysql", { MYSQL_ROOT_PASSWORD: "mysql" }],
    ["mariadb", { MARIADB_ROOT_PASSWORD: "mariadb" }],
    ["redis", {}],
    ["etcd", { ETCD_LISTEN_CLIENT_URLS: "http://0.0.0.0:2379", ETCD_ADVERTISE_CLIENT_URLS: "http://0.0.0.0:2379" }],
    ["another", {}],
  ])("gives %s %j", (image, expected) => {
    expect(environment({ image })).toEqual(expected);
  });

  it.each([
    ["postgres", "POSTGRES_HOST_AUTH_METHOD"],
    ["mysql", "MYSQL_ALLOW_EMPTY_PASSWORD"],
    ["mysql", "MYSQL_ROOT_PASSWORD_FILE"],
    ["mariadb", "MARIADB_RANDOM_ROOT_PASSWORD"],
    ["mariadb", "MYSQL_ROOT_PASSWORD"],
    ["etcd", "ETCD_CONFIG_FILE"],
  ])("gives %s nothing when the user, or the image, sets %s", (image, name) => {
    expect(environment({ image, env: { [name]: "" } })).toEqual({});
    expect(environment({ image }, [`${name}=x`])).toEqual({});
  });

  it("stays when the user sets something else", () => {
    expect(environment({ image: "mysql", env: { MYSQL_DATABASE: "orders" }, command: ["--skip-name-resolve"] }, ["PATH=/bin"])).toEqual({
      MYSQL_ROOT_PASSWORD: "mysql",
    });
  });

  it("makes way for a command whose flags say the same", () => {
    expect(environment({ image: "etcd", command: ["etcd", "--name", "a"] })).toEqual({});
  });
});

describe("serviceFiles", () => {
  const files = (target?: string) =>
    serviceFiles(serviceDefaults("eclipse-mosquitto"), {
      image: "eclipse-mosquitto",
      ...(target === undefined ? {} : { mounts: [{ type: "bind", source: "/host", target }] }),
    }).map((file) => file.target);

  it.each([undefined, "/mosquitto/data", "/mosquitto/conf"])("are copied beside a mount at %s", (target) => {
    expect(files(target)).toEqual(["/mosquitto/config/mosquitto.conf"]);
  });

  it.each(["/mosquitto/config/mosquitto.conf", "/mosquitto/config", "/mosquitto/config/", "/"])(
    "are left out below a mount at %s",
    (target) => {
      expect(files(target)).toEqual([]);
    },
  );
});

describe("servicePorts", () => {
  it("stand in where the image exposes none", () => {
    expect(servicePorts(serviceDefaults("redis"), { exposedPorts: [] })).toEqual([{ containerPort: 6379 }]);
    expect(servicePorts(serviceDefaults("redis"), { exposedPorts: ["6379/tcp", "7000/tcp"] })).toBeUndefined();
    expect(servicePorts(undefined, { exposedPorts: [] })).toBeUndefined();
  });
});

describe("serviceWait", () => {
  const published = (...ports: number[]) =>
    ports.map((containerPort) => ({ containerPort, protocol: "tcp" as const, hostPort: containerPort, hostIp: "127.0.0.1" }));
  const description = (image: string, ports: number[], named: number[] = []) =>
    serviceWait(
      serviceDefaults(image),
      published(...ports),
      named.map((containerPort) => ({ containerPort })),
    )?.description;

  it("waits for the service proper, not for everything that its image exposes", () => {
    expect(description("rabbitmq", [4369, 5671, 5672])).toBe("listening ports");
    expect(description("redis", [6379])).toBe("Redis to answer");
  });

  it("waits for every port that the user names as well", () => {
    expect(description("redis", [6379, 7000], [6379, 7000])).toBe("Redis to answer and listening ports");
    expect(description("rabbitmq", [5672, 15_672], [5672, 15_672])).toBe("listening ports");
  });

  it("is none of its business when its port is not published", () => {
    expect(description("redis", [7000], [7000])).toBeUndefined();
    expect(description("another", [6379])).toBeUndefined();
  });
});
