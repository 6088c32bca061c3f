/** Over a real socket, with a supervisor that only answers. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { requestWithInput } from "../../../../../src/engine/builtin/supervisor/stream-data.js";
import type { Supervisor } from "../../../../../src/engine/builtin/supervisor/supervisor.js";

const closing: { close(): unknown }[] = [];

afterEach(() => {
  for (const each of closing.splice(0)) each.close();
});

async function supervisor(answer: (signal: AbortSignal) => Promise<unknown>): Promise<Supervisor> {
  const server = createServer((peer) => peer.on("error", () => {}).resume()).listen(0, "127.0.0.1");
  closing.push(server);
  await once(server, "listening");
  const socket: Socket = connect((server.address() as { port: number }).port, "127.0.0.1");
  await once(socket, "connect");
  const request = (_kind: number, _fill: unknown, { signal }: { signal: AbortSignal }) => answer(signal);
  return { openStream: () => ({ token: 1n, socket }), request } as unknown as Supervisor;
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cancelled"))));
const fill = (): void => {};

/** Has something, and then nothing for ever. */
async function* silent(): AsyncGenerator<Buffer> {
  yield Buffer.from("something");
  await new Promise(() => {});
}

it("does not wait for a source once the request has been refused", async () => {
  const refusing = await supervisor(() => sleep(10).then(() => Promise.reject(new Error("refused"))));
  await expect(requestWithInput(refusing, 1, fill, silent(), {})).rejects.toThrow("refused");
});

it("does not wait for one that nobody wants any more", async () => {
  const abort = new AbortController();
  const patient = await supervisor(aborted);
  const copying = requestWithInput(patient, 1, fill, silent(), { signal: abort.signal, operation: "copy" });
  abort.abort();
  await expect(copying).rejects.toMatchObject({ code: "ABORTED" });
});

it("tells the source's own failure, not that of the request which it ends", async () => {
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("something");
    throw new Error("the disk is broken");
  };
  await expect(requestWithInput(await supervisor(aborted), 1, fill, broken(), {})).rejects.toThrow("the disk is broken");
});

it("has the answer once all is sent", async () => {
  const fields = { text: "fine" };
  const sent = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("something");
  };
  expect(await requestWithInput(await supervisor(async () => fields), 1, fill, sent(), {})).toBe(fields);
});
