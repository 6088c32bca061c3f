/** Streams of the API: connections that are taken over, waits, logs, archives, statistics, events. */
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { extract, pack } from "tar-stream";
import { afterEach, describe, expect, it } from "vitest";
import { PieceReader } from "../../src/engine/docker-api/raw-stream.js";
import { useApiServer } from "../fixtures/api-server.js";
import { cancelledCall, frame, PREFACE, SETTINGS } from "../fixtures/http2-frames.js";

const at = useApiServer();

afterEach(async () => {
  for (const { id } of await at.engine.containers.list({ all: true })) await at.engine.containers.remove(id, { force: true });
});

async function create(body: object): Promise<string> {
  const made = await at.call("POST", "/containers/create", { json: { Image: "busybox", ...body } });
  expect(made.status, made.text).toBe(201);
  return made.json.Id;
}

async function start(body: object): Promise<string> {
  const id = await create(body);
  const started = await at.call("POST", `/containers/${id}/start`);
  expect(started.status, started.text).toBe(204);
  return id;
}

interface Taken {
  readonly socket: Socket;
  readonly head: string;
  /** Everything after the headers, once the other side has ended. */
  rest(): Promise<Buffer>;
}

const UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

/** Asks for a connection to be taken over. */
async function take(target: string, { headers = UPGRADE, json }: { headers?: string; json?: object } = {}): Promise<Taken> {
  const body = json === undefined ? "" : JSON.stringify(json);
  const socket = connect({ path: at.socket, allowHalfOpen: true });
  const type = json === undefined ? "" : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  socket.write(`POST ${target} HTTP/1.1\r\nHost: x\r\n${headers}${type}\r\n${body}`);
  let received = Buffer.alloc(0);
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
  });
  const ended = new Promise<void>((resolve, reject) => socket.once("end", resolve).once("error", reject));
  while (!received.includes("\r\n\r\n")) await new Promise((resolve) => socket.once("data", resolve));
  const end = received.indexOf("\r\n\r\n") + 4;
  return {
    socket,
    head: received.subarray(0, end).toString(),
    async rest() {
      await ended;
      socket.end();
      return received.subarray(end);
    },
  };
}

function pieces(bytes: Buffer): Record<string, string> {
  const output: Record<string, string> = {};
  for (const { stream, data } of new PieceReader().push(bytes)) output[stream] = (output[stream] ?? "") + data.toString();
  return output;
}

describe("attach", () => {
  const script = ["sh", "-c", "read line; echo got $line; echo err >&2; cat; echo end"];

  it("before the start, with both streams apart, until the client's half-close and beyond", async () => {
    const id = await create({ Cmd: script, OpenStdin: true, StdinOnce: true });
    const { socket, head, rest } = await take(`/v1.43/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
    expect(head).toMatch(/^HTTP\/1.1 101 UPGRADED\r\nContent-Type: application\/vnd.docker.multiplexed-stream\r\n/);
    await at.call("POST", `/containers/${id}/start`);
    socket.write("one\n");
    socket.end("two\n");
    expect(pieces(await rest())).toEqual({ stdout: "got one\ntwo\nend\n", stderr: "err\n" });
  });

  it("the older way, without asking for another protocol", async () => {
    const id = await create({ Cmd: script, OpenStdin: true, StdinOnce: true });
    const { socket, head, rest } = await take(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`, { headers: "" });
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\nContent-Type: application\/vnd.docker.raw-stream\r\n/);
    await at.call("POST", `/containers/${id}/start`);
    socket.end("one\ntwo\n");
    expect(pieces(await rest())).toEqual({ stdout: "got one\ntwo\nend\n" });
  });

  it("to a terminal, which has a size, and is left by the detach keys", async () => {
    const id = await start({ Cmd: ["sh"], Tty: true, OpenStdin: true });
    const { socket, head, rest } = await take(`/v1.43/containers/${id}/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-x`);
    expect(head).toContain("application/vnd.docker.raw-stream");
    expect((await at.call("POST", `/containers/${id}/resize?h=33&w=99`)).status).toBe(200);
    expect((await at.call("POST", `/containers/${id}/resize?h=x&w=99`)).status).toBe(400);
    let said = "";
    socket.on("data", (data) => {
      said += data;
    });
    socket.write("stty size\n");
    while (!said.includes("33 99")) await new Promise((resolve) => socket.once("data", resolve));
    socket.write("\x18");
    await rest();
    expect((await at.call("GET", `/containers/${id}/json`)).json.State.Running).toBe(true);
  });

  it("again, to a container that has ended and is started once more", async () => {
    const id = await start({ Cmd: ["echo", "run"] });
    await at.call("POST", `/containers/${id}/wait`);
    const { rest } = await take(`/containers/${id}/attach?stream=1&stdout=1`);
    await at.call("POST", `/containers/${id}/start`);
    expect(pieces(await rest())).toEqual({ stdout: "run\n" });
  });
});

describe("exec", () => {
  async function exec(id: string, body: object): Promise<string> {
    const made = await at.call("POST", `/containers/${id}/exec`, { json: { AttachStdout: true, AttachStderr: true, ...body } });
    expect(made.status, made.text).toBe(201);
    return made.json.Id;
  }

  it("has its options in the body of a request that is taken over, and its exit code once the output has ended", async () => {
    const id = await start({ Cmd: ["sleep", "100"] });
    const made = await exec(id, { Cmd: ["sh", "-c", "cat; echo err >&2; exit 9"], AttachStdin: true });
    const { socket, rest } = await take(`/exec/${made}/start`, { json: { Detach: false, Tty: false } });
    socket.end("typed");
    expect(pieces(await rest())).toEqual({ stdout: "typed", stderr: "err\n" });
    expect((await at.call("GET", `/exec/${made}/json`)).json).toMatchObject({ Running: false, ExitCode: 9, ContainerID: id });
    expect((await at.call("POST", `/exec/${made}/start`, { json: {} })).status).toBe(409);
  });

  it("detached, or of what is not there", async () => {
    const id = await start({ Cmd: ["sleep", "100"] });
    const detached = await exec(id, { Cmd: ["sleep", "100"] });
    expect((await at.call("POST", `/exec/${detached}/start`, { json: { Detach: true } })).status).toBe(200);
    expect((await at.call("GET", `/exec/${detached}/json`)).json.Running).toBe(true);
    expect((await at.call("GET", `/containers/${id}/json`)).json.ExecIDs).toEqual([detached]);
    const missing = await exec(id, { Cmd: ["nosuch"] });
    const { rest } = await take(`/exec/${missing}/start`, { json: {} });
    expect(pieces(await rest())["stdout"]).toContain("executable file not found in $PATH");
    expect((await at.call("GET", `/exec/${missing}/json`)).json.ExitCode).toBe(126);
  });

  it("whose client leaves goes on", async () => {
    const id = await start({ Cmd: ["sleep", "100"] });
    const made = await exec(id, { Cmd: ["sh", "-c", "while true; do echo line; sleep 0.01; done"] });
    const { socket } = await take(`/exec/${made}/start`, { json: {} });
    socket.destroy();
    await sleep(100);
    expect((await at.call("GET", `/exec/${made}/json`)).json.Running).toBe(true);
  });
});

describe("wait", () => {
  it("is heard at once, before the start", async () => {
    const id = await create({ Cmd: ["sh", "-c", "exit 7"] });
    const answer: IncomingMessage = await at.open("POST", `/containers/${id}/wait?condition=next-exit`);
    expect(answer.statusCode).toBe(200);
    await at.call("POST", `/containers/${id}/start`);
    expect(JSON.parse((await buffer(answer)).toString())).toEqual({ StatusCode: 7 });
  });

  it("sees a container that removes itself go", async () => {
    const id = await create({ Cmd: ["sh", "-c", "exit 3"], HostConfig: { AutoRemove: true } });
    const answer = await at.open("POST", `/containers/${id}/wait?condition=removed`);
    await at.call("POST", `/containers/${id}/start`);
    expect(JSON.parse((await buffer(answer)).toString())).toEqual({ StatusCode: 3 });
    expect((await at.call("GET", `/containers/${id}/json`)).status).toBe(404);
  });

  it("knows three conditions", async () => {
    const id = await create({ Cmd: ["true"] });
    expect((await at.call("POST", `/containers/${id}/wait?condition=nonsense`)).status).toBe(400);
    expect((await at.call("POST", `/containers/${id}/wait`)).json).toEqual({ StatusCode: 0 });
  });
});

describe("logs", () => {
  it("with times, by stream, from the end, and followed to the end", async () => {
    const id = await start({ Cmd: ["sh", "-c", "echo one; echo two; echo bad >&2; sleep 0.3; echo last"] });
    const followed = await buffer(await at.open("GET", `/containers/${id}/logs?follow=1&stdout=1&stderr=1`));
    expect(pieces(followed)).toEqual({ stdout: "one\ntwo\nlast\n", stderr: "bad\n" });
    const tail = await buffer(await at.open("GET", `/containers/${id}/logs?stdout=1&tail=1&timestamps=1`));
    expect(pieces(tail)["stdout"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z last\n$/);
    const none = await at.call("GET", `/containers/${id}/logs`);
    expect([none.status, none.json.message]).toEqual([400, "Bad parameters: you must choose at least one stream"]);
  });
});

describe("archives", () => {
  it("go in and out with what is known of the path", async () => {
    const id = await create({ Cmd: ["true"] });
    const tar = pack();
    tar.entry({ name: "file", mode: 0o640, uid: 1000 }, "content");
    tar.entry({ name: "link", type: "symlink", linkname: "file" });
    tar.finalize();
    const put = await at.call("PUT", `/containers/${id}/archive?path=/tmp`, { body: await buffer(tar) });
    expect([put.status, put.text]).toEqual([200, ""]);
    const stat = async (path: string) => {
      const { status, headers } = await at.call("HEAD", `/containers/${id}/archive?path=${path}`);
      const header = headers["x-docker-container-path-stat"];
      return { status, ...(header === undefined ? {} : JSON.parse(Buffer.from(String(header), "base64").toString())) };
    };
    expect(await stat("/tmp/file")).toMatchObject({ status: 200, name: "file", size: 7, mode: 0o640, linkTarget: "" });
    expect(await stat("/tmp/link")).toMatchObject({ status: 200, name: "link", linkTarget: "/tmp/file" });
    expect((await stat("/tmp")).mode).toBe(0x8000_0000 + 0x0010_0000 + 0o777);
    expect(await stat("/tmp/nosuch")).toMatchObject({ status: 404 });
    const names: string[] = [];
    const entries = Readable.from(await at.open("GET", `/containers/${id}/archive?path=/tmp/.`)).pipe(extract());
    for await (const entry of entries) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names.sort()).toEqual(["./", "./file", "./link"]);
    const nowhere = await at.call("PUT", `/containers/${id}/archive?path=/nosuch`, { body: Buffer.alloc(1024) });
    expect(nowhere.status).toBe(404);
    const broken = await at.call("PUT", `/containers/${id}/archive?path=/tmp`, { body: Buffer.alloc(1000, 1) });
    expect(broken.status).toBe(500); // as docker has it
  });

  it("stay inside the container where a link leads out of it", async () => {
    const id = await create({ Cmd: ["true"] });
    const links = pack();
    links.entry({ name: "out", type: "symlink", linkname: "/../../../.." });
    links.finalize();
    await at.call("PUT", `/containers/${id}/archive?path=/tmp`, { body: await buffer(links) });
    const tar = pack();
    tar.entry({ name: "caisson-escape" }, "x");
    tar.finalize();
    expect((await at.call("PUT", `/containers/${id}/archive?path=/tmp/out`, { body: await buffer(tar) })).status).toBe(200);
    expect((await at.call("HEAD", `/containers/${id}/archive?path=/caisson-escape`)).status).toBe(200);
  });
});

describe("statistics and events", () => {
  it("come as lines, once or again and again", async () => {
    const id = await start({ Cmd: ["sleep", "100"] });
    const once = await at.call("GET", `/containers/${id}/stats?stream=0&one-shot=1`);
    expect(once.json).toMatchObject({ id, precpu_stats: { cpu_usage: { total_usage: 0 } }, pids_stats: { current: 1 } });
    const both = await at.call("GET", `/containers/${id}/stats?stream=1&one-shot=1`);
    expect(both.status).toBe(400);
    const stream = await at.open("GET", `/containers/${id}/stats`);
    let text = "";
    for await (const chunk of stream) {
      text += chunk;
      if (text.split("\n").length > 2) break;
    }
    expect(JSON.parse(text.split("\n")[1] ?? "")).toMatchObject({ id, cpu_stats: { online_cpus: expect.any(Number) } });
  });

  it("filter, remember, and end when told to", async () => {
    const since = Math.floor(Date.now() / 1000) - 1;
    const id = await create({ Cmd: ["true"], Labels: { kind: "noted" } });
    await at.call("DELETE", `/containers/${id}`);
    const filters = encodeURIComponent(JSON.stringify({ type: ["container"], label: ["kind=noted"] }));
    const { text } = await at.call("GET", `/events?since=${since}&until=${(Date.now() / 1000).toFixed(3)}&filters=${filters}`);
    const events = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ Action }) => Action)).toEqual(["create", "destroy"]);
    expect(events[0]).toMatchObject({
      Type: "container",
      Actor: { ID: id, Attributes: { kind: "noted", image: "busybox" } },
      scope: "local",
    });
  });
});

describe("clients that don't keep to the order of things", () => {
  const answers = async (): Promise<void> => expect((await at.call("GET", "/_ping")).text).toBe("OK");

  /** Says all of it at once. */
  async function shout(bytes: Buffer | string, until: string): Promise<void> {
    const socket = connect({ path: at.socket });
    socket.on("error", () => {});
    let heard = "";
    socket.on("data", (data) => {
      heard += data.toString("latin1");
    });
    socket.write(bytes);
    await expect.poll(() => heard.includes(until) || socket.closed).toBe(true);
    await sleep(50);
    socket.destroy();
  }

  it("an upgrade while an earlier answer goes on costs that connection alone", async () => {
    const events = "GET /v1.41/events HTTP/1.1\r\nHost: x\r\n\r\n";
    await shout(`${events}POST /v1.41/exec/x/start HTTP/1.1\r\nHost: x\r\n${UPGRADE}Content-Length: 2\r\n\r\n{}`, "200 OK");
    await answers();
  });

  it("a call of BuildKit's that is taken back with its beginning is nobody's harm", async () => {
    const upgrade = Buffer.from("POST /v1.41/grpc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    await shout(Buffer.concat([upgrade, PREFACE, frame(SETTINGS, 0, 0), cancelledCall(1)]), "101 UPGRADED");
    await answers();
  });
});
