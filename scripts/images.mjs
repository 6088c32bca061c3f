#!/usr/bin/env node
// Builds the images of examples/images, or the named ones, into the store of CAISSON_HOME; what nothing has changed comes from the cache.
// Their base is bootstrapped here, once, so no registry is asked. Needs `npm run build` and Debian; who is not root needs subordinate ids. Usage: images.mjs [NAME...]
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Image } from "caisson";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLES = path.join(ROOT, "examples/images");

/** Names by directory, and by stage where it is not the last one. Versions are those of Debian 12. */
const IMAGES = {
  caddy: ["caddy", "caddy:2"],
  "eclipse-mosquitto": ["eclipse-mosquitto", "eclipse-mosquitto:2"],
  etcd: ["quay.io/coreos/etcd", "quay.io/coreos/etcd:v3.4.23"],
  haproxy: ["haproxy", "haproxy:2.6"],
  influxdb: ["influxdb", "influxdb:1.6"],
  mariadb: ["mariadb", "mariadb:10.11"],
  memcached: ["memcached", "memcached:1.6"],
  nats: ["nats", "nats:2.9"],
  nginx: ["nginx", "nginx:1.22"],
  postgres: ["postgres", "postgres:15"],
  rabbitmq: ["rabbitmq", "rabbitmq:3.10"],
  "rabbitmq#management": ["rabbitmq:management", "rabbitmq:3.10-management"],
  redis: ["redis", "redis:7.0"],
  registry: ["registry", "registry:2"],
  "victoria-metrics": ["victoriametrics/victoria-metrics"],
};

const script = (name, args = []) =>
  execFileSync(path.join(ROOT, "scripts", name), args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();

/** The directory of its root file system, which is made again when its recipe has changed. */
function bootstrapBase(mirrors) {
  const recipe = path.join(EXAMPLES, "debian/bootstrap.sh");
  const digest = createHash("sha256").update(readFileSync(recipe)).digest("hex");
  const directory = path.join(ROOT, ".cache/images", `debian-${digest.slice(0, 12)}`);
  const rootfs = path.join(directory, "rootfs.tar");
  if (!existsSync(rootfs)) {
    console.log("bootstrapping Debian (half a minute)");
    script("install-packages.sh", ["mmdebstrap"]);
    mkdirSync(directory, { recursive: true });
    execFileSync(recipe, [rootfs, ...mirrors], { stdio: "inherit" });
  }
  return directory;
}

async function build(context, tags, more) {
  process.stdout.write(tags[0].padEnd(34));
  const begun = performance.now();
  const { inspect } = await Image.build(context, { tags, ...more });
  const seconds = (performance.now() - begun) / 1000;
  console.log(`${inspect.id.slice(7, 19)} ${String(Math.round(inspect.size / 1e6)).padStart(4)} MB ${seconds.toFixed(2).padStart(6)} s`);
}

const wanted = process.argv.slice(2);
const chosen = Object.entries(IMAGES).filter(([place]) => wanted.length === 0 || wanted.includes(place.split("#")[0]));
const unknown = wanted.filter((name) => !Object.keys(IMAGES).includes(name));
if (unknown.length > 0) throw new Error(`There is no examples/images/${unknown[0]}`);

const mirrors = [script("debian-mirror.sh"), script("debian-mirror.sh", ["security"])];
const proxies = ["http_proxy", "https_proxy", "no_proxy"].filter((name) => process.env[name]);
const options = {
  buildArgs: Object.fromEntries(proxies.map((name) => [name, process.env[name]])),
  hostCertificates: mirrors.some((mirror) => mirror.startsWith("https:")),
};
await build(bootstrapBase(mirrors), ["debian:bookworm-slim", "debian:12-slim"], { dockerfile: path.join(EXAMPLES, "debian/Dockerfile") });
for (const [place, tags] of chosen) {
  const [directory, target] = place.split("#");
  await build(path.join(EXAMPLES, directory), tags, { ...options, target });
}
