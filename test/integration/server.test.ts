/** The Docker Engine API over a socket: versions, failures, bad input, clients that leave. */
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { serve } from "../../src/engine/server/serve.js";
import { useApiServer } from "../fixtures/api-server.js";

const at = useApiServer();

/** Creates and starts a container of busybox. @returns its id */
async function start(body: object, query = ""): Promise<string> {
  const made = await at.call("POST", `/containers/create${query}`, { json: { Image: "busybox", ...body } });
  expect(made.status, made.text).toBe(201);
  const started = await at.call("POST", `/containers/${made.json.Id}/start`);
  expect(started.status, started.text).toBe(204);
  return made.json.Id;
}

describe("the server", () => {
  it("says what it is, with and without a version, and to HEAD", async () => {
    for (const [method, target] of [
      ["GET", "/_ping"],
      ["HEAD", "/_ping"],
      ["GET", "/v1.24/_ping"],
      ["GET", "/v1.51/_ping"],
    ] as const) {
      const { status, headers, text } = await at.call(method, target);
      expect([status, text]).toEqual([200, method === "HEAD" ? "" : "OK"]);
      expect(headers).toMatchObject({ "api-version": "1.48", ostype: "linux", "docker-experimental": "false", "builder-version": "1" });
    }
  });

  it("refuses versions that it doesn't know, as dockerd does", async () => {
    const old = await at.call("GET", "/v1.12/info");
    expect([old.status, old.json.message]).toEqual([400, expect.stringContaining("client version 1.12 is too old")]);
    const future = await at.call("GET", "/v9.99/info");
    expect([future.status, future.json.message]).toEqual([400, expect.stringContaining("client version 9.99 is too new")]);
  });

  it("has a socket that nobody else may open", async () => {
    expect((await stat(at.socket)).mode & 0o777).toBe(0o600);
  });

  it("is the only one on its data root and on its socket", async () => {
    const second = serve(at.engine, { address: { kind: "unix", path: path.join(at.directory, "other.sock") } });
    await expect(second).rejects.toMatchObject({ code: "SERVER_RUNNING", facts: { pid: process.pid } });
    expect((await at.call("GET", "/_ping")).text).toBe("OK");
  });

  it("listens on TCP only with TLS on both sides, or when told to", async () => {
    const open = serve(at.engine, { address: { kind: "tcp", host: "127.0.0.1", port: 0 } });
    await expect(open).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});

describe("bad input", () => {
  it.each([
    ["a path that isn't there", "GET", "/nonesuch", {}, 404, "page not found"],
    ["a container that isn't there", "GET", "/containers/nonesuch/json", {}, 404, "No such container: nonesuch"],
    ["an image that isn't there", "GET", "/images/none/such/json", {}, 404, "No such image: none/such:latest"],
    ["a network that isn't there", "GET", "/networks/nonesuch", {}, 404, "network nonesuch not found"],
    ["a volume that isn't there", "GET", "/volumes/nonesuch", {}, 404, "get nonesuch: no such volume"],
    ["an exec that isn't there", "GET", "/exec/nonesuch/json", {}, 404, "No such exec instance: nonesuch"],
    ["JSON that is none", "POST", "/containers/create", { body: "{", headers: jsonType() }, 400, "invalid JSON"],
    ["JSON of the wrong shape", "POST", "/containers/create", { json: { Image: 5 } }, 400, "expected Image to be a string"],
    ["a list for an object", "POST", "/containers/create", { json: [] }, 400, "expected the body to be an object"],
    ["JSON without an end", "POST", "/containers/create", { body: "[".repeat(100_000), headers: jsonType() }, 400, "nested deeper"],
    ["another type", "POST", "/containers/create", { body: "a=b", headers: { "content-type": "text/plain" } }, 400, "Content-Type"],
    ["a large body", "POST", "/containers/create", { body: " ".repeat(5 << 20), headers: jsonType() }, 413, "too large"],
    ["an image that can't be named so", "POST", "/containers/create", { json: { Image: "UPPER" } }, 400, "not a valid image reference"],
    ["an image that isn't here", "POST", "/containers/create", { json: { Image: "none/such" } }, 404, "No such image: none/such:latest"],
    ["a wrong name", "POST", "/containers/create?name=-", { json: { Image: "busybox" } }, 400, "name"],
    ["a bind of nothing", "POST", "/containers/create", { json: { Image: "busybox", HostConfig: { Binds: ["a/b:/c"] } } }, 400, "volume"],
    [
      "options that exclude each other",
      "POST",
      "/containers/create",
      { json: { Image: "busybox", HostConfig: { AutoRemove: true, RestartPolicy: { Name: "always" } } } },
      400,
      "can't create 'AutoRemove' container with restart policy",
    ],
    [
      "two ways to say how many processors",
      "POST",
      "/containers/create",
      { json: { Image: "busybox", HostConfig: { NanoCpus: 1e9, CpuQuota: 1000 } } },
      400,
      "Nano CPUs and CPU Quota cannot both be set",
    ],
    ["a filter that is none", "GET", "/containers/json?filters=%5B%5D", {}, 400, "invalid filter"],
    ["an unknown filter", "GET", "/containers/json?filters=%7B%22x%22%3A%5B%22y%22%5D%7D", {}, 400, "invalid filter 'x'"],
    ["percent-encoding that is none", "GET", "/containers/%ff/json", {}, 400, "percent-encoding"],
    ["swarm", "GET", "/services", {}, 503, "This node is not a swarm manager"],
    ["BuildKit's calls", "POST", "/grpc", {}, 501, "BuildKit is not served"],
    ["BuildKit's session", "POST", "/session", {}, 501, "BuildKit is not served"],
    ["a build in a session", "POST", "/build?version=2&session=x", {}, 400, "BuildKit is not served"],
  ] as const)("%s is answered as such", async (_, method, target, call, status, message) => {
    const answer = await at.call(method, target, call);
    expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(message)]);
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  it("tells clients of BuildKit, call by call, that there is none", async () => {
    const headers = { connection: "Upgrade", upgrade: "h2c" };
    const upgraded = (target: string) =>
      new Promise<Duplex>((resolve, reject) => {
        const outgoing = request({ socketPath: at.socket, method: "POST", path: target, headers });
        outgoing.once("upgrade", (_answer, socket, head) => {
          socket.unshift(head);
          resolve(socket);
        });
        outgoing.once("error", reject);
        outgoing.end();
      });
    const connection = await upgraded("/grpc");
    const client = connectHttp2("http://buildkit", { createConnection: () => connection });
    const call = client.request({
      ":method": "POST",
      ":path": "/moby.buildkit.v1.Control/ListWorkers",
      "content-type": "application/grpc",
    });
    const [answer] = await once(call.end(), "response");
    expect(answer).toMatchObject({ ":status": 200, "grpc-status": "12", "grpc-message": expect.stringContaining("DOCKER_BUILDKIT=0") });
    client.destroy();
    connection.destroy();
    // It waits for the build that is to come.
    const session = await upgraded("/session");
    session.resume().end();
    await once(session, "close");
  });

  it("refuses headers without end, and lives on", async () => {
    const answer = await new Promise<string>((resolve) => {
      let said = "";
      const socket = connect(at.socket);
      socket.on("data", (data) => {
        said += data;
      });
      socket.on("error", () => {}).on("close", () => resolve(said));
      socket.write(`GET /_ping HTTP/1.1\r\nHost: x\r\nX-Long: ${"y".repeat(1 << 20)}\r\n\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
    expect((await at.call("GET", "/_ping")).text).toBe("OK");
  });
});

describe("clients that leave", () => {
  it.each([
    ["logs", (id: string) => ["GET", `/containers/${id}/logs?follow=1&stdout=1`]],
    ["events", () => ["GET", "/events"]],
    ["statistics", (id: string) => ["GET", `/containers/${id}/stats`]],
    ["a wait", (id: string) => ["POST", `/containers/${id}/wait`]],
    ["an export", (id: string) => ["GET", `/containers/${id}/export`]],
    ["a saved image", () => ["GET", "/images/busybox/get"]],
  ] as const)("in the middle of %s leave nothing behind", async (_, target) => {
    const id = await start({ Cmd: ["sh", "-c", "while true; do echo line; sleep 0.01; done"] });
    const [method = "", path = ""] = target(id);
    for (let times = 0; times < 3; times++) {
      const answer = await at.open(method, path);
      expect(answer.statusCode).toBe(200);
      answer.on("error", () => {});
      answer.socket.destroy();
    }
    const attached = connect(at.socket);
    attached.on("error", () => {});
    attached.write(`POST /containers/${id}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
    await new Promise((resolve) => attached.once("data", resolve));
    attached.destroy();
    await sleep(50);
    expect((await at.call("DELETE", `/containers/${id}?force=1`)).status).toBe(204);
    expect((await at.call("GET", "/_ping")).text).toBe("OK");
  });
});

function jsonType() {
  return { "content-type": "application/json" };
}
