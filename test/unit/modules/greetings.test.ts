/** What answers of servers mean, byte by byte. */
import { describe, expect, it } from "vitest";
import { etcdGreeting } from "../../../src/modules/etcd.js";
import { type Greeting, notReady, READY } from "../../../src/modules/greeting-wait.js";
import { postgresGreeting } from "../../../src/modules/postgres.js";
import { redisGreeting } from "../../../src/modules/redis.js";

const TLS_ALERT = "\x15\x03\x01\x00\x02\x02\x46";

/** What is made of an answer that comes in one piece; no part of it may be judged otherwise. */
function judge({ judge }: Greeting, answer: string | Buffer) {
  const bytes = Buffer.from(answer as string, "latin1");
  const verdict = judge(bytes);
  for (let length = 1; length < bytes.length; length++) expect([undefined, verdict]).toContainEqual(judge(bytes.subarray(0, length)));
  return verdict;
}

describe("PostgreSQL", () => {
  const error = (fields: string): Buffer => {
    const message = Buffer.from(`E\0\0\0\0${fields}\0`);
    message.writeUInt32BE(message.length - 1, 1);
    return message;
  };

  it("begins a session", () => {
    expect(Buffer.from(postgresGreeting.hello).toString("latin1")).toBe("\0\0\0)\0\x03\0\0user\0postgres\0database\0postgres\0\0");
  });

  it.each([
    ["a request for a password", "R\0\0\0\x0c\0\0\0\x05abcd", READY],
    ["a user that is not there", error("SFATAL\0C28000\0Mno such user\0"), READY],
    [
      "a server that starts",
      error("SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0"),
      notReady("the database system is starting up"),
    ],
    ["an error that is not all there", error("SFATAL\0C57P03\0M").subarray(0, 12), undefined],
  ])("understands %s", (_, answer, verdict) => {
    expect(judge(postgresGreeting, answer)).toEqual(verdict);
  });
});

describe("Redis", () => {
  it.each([
    ["a pong", "+PONG\r\n", READY],
    ["that a password is wanted", "-NOAUTH Authentication required.\r\n", READY],
    [
      "that it still loads",
      "-LOADING Redis is loading the dataset in memory\r\n",
      notReady("LOADING Redis is loading the dataset in memory"),
    ],
    ["a replica without its master", "-MASTERDOWN Link with MASTER is down\r\n", notReady("MASTERDOWN Link with MASTER is down")],
    ["an error that is not all there", "-LOADING Re", undefined],
    ["that it wants TLS", TLS_ALERT, READY],
  ])("understands %s", (_, answer, verdict) => {
    expect(judge(redisGreeting, answer)).toEqual(verdict);
  });
});

describe("etcd", () => {
  it.each([
    ["health", 'HTTP/1.0 200 OK\r\nContent-Length: 17\r\n\r\n{"health":"true"}', READY],
    ["sickness", 'HTTP/1.0 503 Service Unavailable\r\n\r\n{"health":"false"}', notReady("HTTP/1.0 503 Service Unavailable")],
    ["a head that is not all there", "HTTP/1.0 503 Service Unavailable\r\n", undefined],
    ["that it wants TLS", "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", READY],
    ["something else", TLS_ALERT, READY],
  ])("understands %s", (_, answer, verdict) => {
    expect(judge(etcdGreeting, answer)).toEqual(verdict);
  });
});
