/** Message brokers, of which it is enough to know where they listen. */
import type { ServiceDefaults } from "./service-defaults.js";

/** Opens this port last, when its plugins are up; exposes those of TLS, of clustering and of plugins as well (https://hub.docker.com/_/rabbitmq). */
export const rabbitmq: ServiceDefaults = { images: ["rabbitmq"], ports: [5672] };

/** Monitoring and clustering are exposed, but listen only where the configuration says so (https://hub.docker.com/_/nats). */
export const nats: ServiceDefaults = { images: ["nats"], ports: [4222] };

/** Version 2 lets nobody in from outside until its configuration says so (https://hub.docker.com/_/eclipse-mosquitto). */
export const mosquitto: ServiceDefaults = {
  images: ["eclipse-mosquitto"],
  files: { "/mosquitto/config/mosquitto.conf": "listener 1883\nallow_anonymous true\n" },
  ports: [1883],
};
