import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { CaissonError, Container, Wait } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";

let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-sdk-"));
  engine = await openEngine({ home, engine: "builtin" });
  await ensureBusyboxImage(engine);
});

afterAll(async () => {
  const left = await engine.containers.list({ all: true });
  await engine.close();
  await rm(home, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const busybox = (script: string): Container => new Container("busybox", { engine }).withCommand(["sh", "-c", script]);

async function failureOf(container: Container, options = {}): Promise<CaissonError> {
  const error: unknown = await container.start(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CaissonError)) throw new Error(`Expected a CaissonError, got ${String(error)}`);
  return error;
}

describe("Container.start()", () => {
  it("resolves once the port answers, and disposing removes the container", async () => {
    await using web = await busybox("sleep 0.1; mkdir /www; echo hi >/www/index.html; exec httpd -f -p 8080 -h /www")
      .withExposedPorts(8080)
      .start();
    expect(await (await fetch(`http://${web.getHost()}:${web.getMappedPort(8080)}/`)).text()).toBe("hi\n");
    expect(await web.exec(["sh", "-c", "echo out; echo err >&2; exit 4"])).toEqual({
      exitCode: 4,
      stdout: "out\n",
      stderr: "err\n",
      output: "out\nerr\n",
    });
    expect(() => web.getMappedPort(1)).toThrow(/Port 1\/tcp .* is not mapped\nMapped: 8080\/tcp\n/);
  });

  it("waits for a line of the log", async () => {
    await using started = await busybox("echo one; sleep 0.05; echo ready >&2; sleep 60")
      .withWaitStrategy(Wait.forLogMessage(/^ready$/))
      .start();
    const lines: string[] = [];
    for await (const { stream, line } of started.logs()) lines.push(`${stream}: ${line}`);
    expect(lines).toEqual(["stdout: one", "stderr: ready"]);
  });

  it("says with what a container ended instead of waiting for it", async () => {
    const begin = performance.now();
    const error = await failureOf(busybox("echo cannot open /data >&2; exit 9").withExposedPorts(80));
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(error).toMatchObject({
      code: "CONTAINER_EXITED",
      facts: { exitCode: 9, logTail: ["cannot open /data"], waitingFor: "listening ports" },
    });
    expect(error.message).toMatch(
      /ended with exit code 9 while waiting for listening ports\n(.*\n)*Last log lines:\n {2}cannot open \/data/,
    );
  });

  it("says what listens when the port does not", async () => {
    const error = await failureOf(busybox("exec httpd -f -p 127.0.0.1:81").withExposedPorts(80).withStartupTimeout(300));
    expect(error).toMatchObject({ code: "WAIT_TIMEOUT", facts: { timeoutMs: 300 } });
    expect(error.message).toContain("Wanted: 80/tcp");
    expect(error.message).toContain("Listening instead: 127.0.0.1:81/tcp (loopback only)");
  });

  it("ends when its signal fires, and leaves nothing", async () => {
    const error = await failureOf(busybox("sleep 60").withExposedPorts(80), { signal: AbortSignal.timeout(100) });
    expect(error.code).toBe("ABORTED");
    expect(await engine.containers.list({ all: true })).toEqual([]);
  });

  it("says that an image is not there and can't be fetched", async () => {
    expect(await failureOf(new Container("127.0.0.1:1/nonesuch", { engine }))).toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      facts: { registry: "127.0.0.1:1" },
    });
  });
});
