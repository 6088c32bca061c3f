/** Redis and Valkey: they listen while they still read their data, and answer LOADING (https://redis.io/docs/latest/commands/ping). */
import { type Greeting, GreetingWait, notReady, READY } from "./greeting-wait.js";
import type { ServiceDefaults } from "./service-defaults.js";

const ERROR = 0x2d; // -
const NOT_YET = ["LOADING", "MASTERDOWN", "BUSY"];

export const redisGreeting: Greeting = {
  description: "Redis to answer",
  hello: Buffer.from("PING\r\n"),
  judge(answer) {
    if (answer[0] !== ERROR) return READY;
    const [error = "", rest] = answer.toString("latin1", 1).split("\r\n", 2);
    if (rest === undefined) return undefined;
    return NOT_YET.includes(error.split(" ", 1)[0]!) ? notReady(error) : READY;
  },
};

export const redis: ServiceDefaults = {
  images: ["redis", "valkey", "redis-stack-server"],
  ports: [6379],
  ready: (port) => new GreetingWait(port, redisGreeting),
};
