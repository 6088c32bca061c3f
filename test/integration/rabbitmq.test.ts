/** The rabbitmq images and their entry in the catalogue: a real server, a real client. It takes its time to boot. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { Container, type StartedContainer } from "../../src/index.js";
import { converse } from "../fixtures/conversation.js";
import { openServiceImages } from "../fixtures/service-images.js";

const BOOT_MS = 120_000;

let engine: Engine;

beforeAll(async () => {
  engine = await openServiceImages();
});

afterAll(() => engine?.close());

const server = (image: string): Container => new Container(image, { engine }).withStartupTimeout(BOOT_MS);

/** AMQP 0-9-1 until the server offers limits (Connection.Tune), which it does to those whom it lets in. */
async function logIn(started: StartedContainer, user: string, password: string): Promise<void> {
  const short = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const long = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const startOk = Buffer.concat([Buffer.from([0, 10, 0, 11]), long(""), short("PLAIN"), long(`\0${user}\0${password}`), short("en_US")]);
  const head = Buffer.from([1, 0, 0, 0, 0, 0, startOk.length]);
  const greeting = Buffer.from("AMQP\0\0\x09\x01", "latin1");
  const TUNE = "\0\x0a\0\x1e";
  await converse(started.getMappedPort(5672), Buffer.concat([greeting, head, startOk, Buffer.from([0xce])]), TUNE);
}

it(
  "starts without a word of configuration, lets guest in from outside and nobody else, and ends when asked",
  async () => {
    const started = await server("rabbitmq").start();
    await logIn(started, "guest", "guest");
    await expect(logIn(started, "guest", "wrong")).rejects.toThrow(/closed|ECONNRESET/);
    expect((await started.exec("stat -c %U /proc/1 /var/lib/rabbitmq/mnesia")).stdout).toBe("rabbitmq\nrabbitmq\n");
    const stopped = await started.stop({ timeout: 60_000, remove: false });
    expect(await engine.containers.wait(stopped.getId())).toMatchObject({ exitCode: 0 });
    await stopped.remove();
  },
  2 * BOOT_MS,
);

it(
  "with management: makes the user and the virtual host that it is told to, and passes messages on",
  async () => {
    await using started = await server("rabbitmq:management")
      .withEnvironment({ RABBITMQ_DEFAULT_USER: "shop", RABBITMQ_DEFAULT_PASS: "secret", RABBITMQ_DEFAULT_VHOST: "orders" })
      .start();
    await logIn(started, "shop", "secret");
    const call = async (method: string, path: string, body?: object, password = "secret") => {
      const answer = await fetch(`http://localhost:${started.getMappedPort(15_672)}/api/${path}`, {
        method,
        headers: { authorization: `Basic ${Buffer.from(`shop:${password}`).toString("base64")}` },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: answer.status, text: await answer.text() };
    };
    expect(await call("PUT", "queues/orders/news", {})).toMatchObject({ status: 201 });
    const message = { properties: {}, routing_key: "news", payload: "hello", payload_encoding: "string" };
    expect((await call("POST", "exchanges/orders/amq.default/publish", message)).text).toBe('{"routed":true}');
    const wanted = { count: 1, ackmode: "ack_requeue_false", encoding: "auto" };
    expect(JSON.parse((await call("POST", "queues/orders/news/get", wanted)).text)).toMatchObject([{ payload: "hello" }]);
    expect(await call("GET", "overview", undefined, "wrong")).toMatchObject({ status: 401 });
  },
  2 * BOOT_MS,
);

it("refuses variables that the official image no longer takes", async () => {
  await expect(server("rabbitmq").withEnvironment({ RABBITMQ_DEFAULT_PASS_FILE: "/run/password" }).start()).rejects.toMatchObject({
    code: "CONTAINER_EXITED",
    message: expect.stringContaining("RABBITMQ_DEFAULT_PASS_FILE is no longer read"),
  });
});
