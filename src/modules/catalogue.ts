/**
 * What well-known images need to be of use without a word of configuration. What the user sets wins over it; the image's own
 * EXPOSE, HEALTHCHECK and STOPSIGNAL fill in what nobody set. One entry a service; classes with more comfort stand beside this file.
 */
import { mosquitto, nats, rabbitmq } from "./brokers.js";
import { caddy } from "./caddy.js";
import { etcd } from "./etcd.js";
import { mariadb, mysql } from "./mysql.js";
import { postgres } from "./postgres.js";
import { redis } from "./redis.js";
import type { ServiceDefaults } from "./service-defaults.js";

const services: readonly ServiceDefaults[] = [caddy, etcd, mariadb, mosquitto, mysql, nats, postgres, rabbitmq, redis];

/** The entry for an image. */
export function serviceDefaults(image: string): ServiceDefaults | undefined {
  const name = image
    .replace(/@.*$/, "")
    .replace(/:[^:/]*$/, "")
    .split("/")
    .at(-1);
  return services.find(({ images }) => name !== undefined && images.includes(name));
}
