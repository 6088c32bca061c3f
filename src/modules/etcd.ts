/**
 * etcd (https://etcd.io/docs/v3.4/op-guide/configuration): listens on loopback until it is told otherwise, by variables or by flags, of
 * which it refuses both; and listens before the cluster, be it of one, has a leader (https://etcd.io/docs/v3.4/op-guide/monitoring).
 */
import { type Greeting, GreetingWait, notReady, READY } from "./greeting-wait.js";
import type { ServiceDefaults } from "./service-defaults.js";

const END_OF_HEAD = "\r\n\r\n";
const CLIENT_PORT = 2379;
const CLIENT_URL = `http://0.0.0.0:${CLIENT_PORT}`;

export const etcdGreeting: Greeting = {
  description: "etcd to be healthy",
  hello: Buffer.from("GET /health HTTP/1.0\r\n\r\n"),
  judge(answer) {
    const text = answer.toString("latin1");
    // Who wants TLS or certificates does serve, only not us.
    if (!text.startsWith("HTTP/".slice(0, text.length))) return READY;
    const end = text.indexOf(END_OF_HEAD);
    if (end === -1) return undefined;
    const [status = ""] = text.split("\r\n", 1);
    return / 5\d\d /.test(status) ? notReady(status) : READY;
  },
};

export const etcd: ServiceDefaults = {
  images: ["etcd"],
  environment: { ETCD_LISTEN_CLIENT_URLS: CLIENT_URL, ETCD_ADVERTISE_CLIENT_URLS: CLIENT_URL },
  unless: ["ETCD_LISTEN_CLIENT_URLS", "ETCD_ADVERTISE_CLIENT_URLS", "ETCD_CONFIG_FILE"],
  unlessCommand: true,
  ports: [CLIENT_PORT],
  ready: (port) => new GreetingWait(port, etcdGreeting),
};
