/** What the images of examples/images say of themselves is what the official ones say. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine, ImageConfig } from "../../src/engine/engine.js";
import { openServiceImages } from "../fixtures/service-images.js";

type Contract = Pick<ImageConfig, "entrypoint" | "command" | "exposedPorts" | "volumes" | "user" | "workingDir" | "stopSignal">;

const ROOT = "/";
const none = { entrypoint: undefined, exposedPorts: [], volumes: [], user: "", workingDir: ROOT, stopSignal: undefined };

/** By name, as `docker image inspect` shows it of the official image. */
const CONTRACTS: Readonly<Record<string, Contract>> = {
  caddy: {
    ...none,
    command: ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"],
    exposedPorts: ["2019/tcp", "443/tcp", "443/udp", "80/tcp"],
    workingDir: "/srv",
  },
  debian: { ...none, command: ["bash"] },
  "eclipse-mosquitto": {
    ...none,
    entrypoint: ["/docker-entrypoint.sh"],
    command: ["/usr/sbin/mosquitto", "-c", "/mosquitto/config/mosquitto.conf"],
    exposedPorts: ["1883/tcp"],
    volumes: ["/mosquitto/data", "/mosquitto/log"],
  },
  haproxy: {
    ...none,
    entrypoint: ["docker-entrypoint.sh"],
    command: ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
    user: "haproxy",
    workingDir: "/var/lib/haproxy",
    stopSignal: "SIGUSR1",
  },
  influxdb: {
    ...none,
    entrypoint: ["/entrypoint.sh"],
    command: ["influxd"],
    exposedPorts: ["8086/tcp"],
    volumes: ["/var/lib/influxdb"],
  },
  mariadb: {
    ...none,
    entrypoint: ["docker-entrypoint.sh"],
    command: ["mariadbd"],
    exposedPorts: ["3306/tcp"],
    volumes: ["/var/lib/mysql"],
  },
  memcached: {
    ...none,
    entrypoint: ["docker-entrypoint.sh"],
    command: ["memcached"],
    exposedPorts: ["11211/tcp"],
    user: "memcache",
  },
  nats: {
    ...none,
    entrypoint: ["/nats-server"],
    command: ["--config", "nats-server.conf"],
    exposedPorts: ["4222/tcp", "6222/tcp", "8222/tcp"],
  },
  nginx: {
    ...none,
    entrypoint: ["/docker-entrypoint.sh"],
    command: ["nginx", "-g", "daemon off;"],
    exposedPorts: ["80/tcp"],
    stopSignal: "SIGQUIT",
  },
  postgres: {
    ...none,
    entrypoint: ["docker-entrypoint.sh"],
    command: ["postgres"],
    exposedPorts: ["5432/tcp"],
    volumes: ["/var/lib/postgresql/data"],
    stopSignal: "SIGINT",
  },
  "quay.io/coreos/etcd": { ...none, command: ["/usr/local/bin/etcd"], exposedPorts: ["2379/tcp", "2380/tcp"] },
  rabbitmq: {
    ...none,
    entrypoint: ["docker-entrypoint.sh"],
    command: ["rabbitmq-server"],
    exposedPorts: ["15691/tcp", "15692/tcp", "25672/tcp", "4369/tcp", "5671/tcp", "5672/tcp"],
    volumes: ["/var/lib/rabbitmq"],
  },
  "rabbitmq:management": {
    ...none,
    entrypoint: ["docker-entrypoint.sh"],
    command: ["rabbitmq-server"],
    exposedPorts: ["15671/tcp", "15672/tcp", "15691/tcp", "15692/tcp", "25672/tcp", "4369/tcp", "5671/tcp", "5672/tcp"],
    volumes: ["/var/lib/rabbitmq"],
  },
  redis: {
    ...none,
    entrypoint: ["docker-entrypoint.sh"],
    command: ["redis-server"],
    exposedPorts: ["6379/tcp"],
    volumes: ["/data"],
    workingDir: "/data",
  },
  registry: {
    ...none,
    entrypoint: ["/entrypoint.sh"],
    command: ["/etc/docker/registry/config.yml"],
    exposedPorts: ["5000/tcp"],
    volumes: ["/var/lib/registry"],
  },
  "victoriametrics/victoria-metrics": { ...none, entrypoint: ["/victoria-metrics-prod"], command: undefined, exposedPorts: ["8428/tcp"] },
};

let engine: Engine;

beforeAll(async () => {
  engine = await openServiceImages();
});

afterAll(() => engine?.close());

it.each(Object.entries(CONTRACTS))("%s", async (name, contract) => {
  const { config } = await engine.images.inspect(name === "debian" ? "debian:bookworm-slim" : name);
  const { entrypoint, command, exposedPorts, volumes, user, workingDir, stopSignal } = config;
  expect({
    ...{ entrypoint, command, user, stopSignal },
    ...{ exposedPorts: [...exposedPorts].sort(), volumes: [...volumes].sort(), workingDir: workingDir || ROOT },
  }).toEqual(contract);
});
