/** Every wait strategy, its success and what its failure says. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { type CaissonError, Container, Wait, type WaitStrategy } from "../../src/index.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";

let home: string;
let engine: Engine;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-waits-"));
  engine = await openEngine({ home, engine: "builtin" });
  await ensureBusyboxImage(engine);
});

afterAll(async () => {
  const left = await engine.containers.list({ all: true });
  await engine.close();
  await rm(home, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const WEB = "mkdir -p /www/cgi-bin; echo starting >/www/state; httpd -p 8080 -h /www; sleep 0.2; echo ready >/www/state; sleep 60";

function container(script: string, strategy: WaitStrategy): Container {
  return new Container("busybox", { engine }).withCommand(["sh", "-c", script]).withWaitStrategy(strategy).withStartupTimeout(5000);
}

async function failure(script: string, strategy: WaitStrategy, timeoutMs = 5000): Promise<CaissonError> {
  return container(script, strategy)
    .withStartupTimeout(timeoutMs)
    .start()
    .then(
      () => {
        throw new Error("it became ready");
      },
      (error: unknown) => error as CaissonError,
    );
}

describe("forHttp", () => {
  it("is satisfied by status and body", async () => {
    await using web = await container(
      WEB,
      Wait.forHttp("/state", 8080).forResponsePredicate((body) => body === "ready\n"),
    )
      .withExposedPorts(8080)
      .start();
    expect(await (await fetch(`http://localhost:${web.getMappedPort(8080)}/state`)).text()).toBe("ready\n");
  });

  it("takes the status that it is told", async () => {
    await using _ = await container(WEB, Wait.forHttp("/nothing", 8080).forStatusCode(404)).withExposedPorts(8080).start();
  });

  it("shows the answers it got instead", async () => {
    const error = await container(WEB, Wait.forHttp("/nothing", 8080))
      .withExposedPorts(8080)
      .withStartupTimeout(600)
      .start()
      .catch((reason: unknown) => reason as CaissonError);
    expect(error).toMatchObject({ code: "WAIT_TIMEOUT", facts: { waitingFor: "GET http://…:8080/nothing", timeoutMs: 600 } });
    expect((error as Error).message).toMatch(/× status 404/);
  });

  it("needs a published port", async () => {
    expect(await failure("sleep 60", Wait.forHttp("/", 8080))).toMatchObject({
      code: "WAIT_FAILED",
      remedy: "Call withExposedPorts(8080).",
    });
  });
});

describe("forHealthCheck", () => {
  const check = (line: string) => ({ test: ["CMD-SHELL", line], interval: 30, retries: 2 });

  it("is satisfied by a healthy container, and is the default with a health check", async () => {
    const made = new Container("busybox", { engine }).withCommand(["sh", "-c", "sleep 0.1; touch /ok; sleep 60"]);
    await using started = await made.withHealthCheck({ ...check("test -e /ok"), retries: 100 }).start();
    expect((await started.inspect()).state.health?.status).toBe("healthy");
  });

  it("fails with what the probe printed", async () => {
    const error = await container("sleep 60", Wait.forHealthCheck())
      .withHealthCheck(check("echo no disk; exit 3"))
      .start()
      .catch((reason: unknown) => reason as CaissonError);
    expect(error).toMatchObject({ code: "WAIT_FAILED" });
    expect((error as Error).message).toContain("health check: exit code 3: no disk");
  });

  it("says that there is none", async () => {
    expect((await failure("sleep 60", Wait.forHealthCheck())).message).toContain("it has no health check");
  });
});

describe("forSuccessfulCommand", () => {
  it("is satisfied by exit code 0", async () => {
    await using started = await container("sleep 0.1; touch /ok; sleep 60", Wait.forSuccessfulCommand("test -e /ok")).start();
    expect((await started.exec("ls /ok")).exitCode).toBe(0);
  });

  it("shows the exit codes it got instead", async () => {
    const error = await failure("sleep 60", Wait.forSuccessfulCommand(["sh", "-c", "echo not yet; exit 5"]), 400);
    expect(error.code).toBe("WAIT_TIMEOUT");
    expect(error.message).toMatch(/× exit code 5: not yet/);
  });

  it("ends at once when the command is not there", async () => {
    expect(await failure("sleep 60", Wait.forSuccessfulCommand(["pg_isready"]))).toMatchObject({ code: "COMMAND_NOT_FOUND" });
  });
});

describe("forFile", () => {
  it("is satisfied by the path, or by its content", async () => {
    await using _ = await container("sleep 0.1; touch /run; sleep 60", Wait.forFile("/run")).start();
    await using started = await container(
      "echo one >/state; sleep 0.1; echo two >/state; sleep 60",
      Wait.forFile("/state", /^two$/m),
    ).start();
    expect((await started.exec("cat /state")).output).toBe("two\n");
  });

  it("says what is there instead", async () => {
    expect((await failure("sleep 60", Wait.forFile("/nope"), 300)).message).toContain("× /nope is not there");
    expect((await failure("echo x >/file; sleep 60", Wait.forFile("/file", "y"), 300)).message).toContain("has other content (2 bytes)");
  });
});

describe("forExit and forOneShotStartup", () => {
  it("are satisfied by the exit", async () => {
    const job = await container("echo done; exit 0", Wait.forOneShotStartup()).start();
    expect(await job.logs().readable().toArray()).toEqual([Buffer.from("done\n")]);
    await job.stop();
    const other = await container("exit 3", Wait.forExit(3)).start();
    await other.stop();
  });

  it("fail for another exit code, with the log", async () => {
    const error = await failure("echo out of paper >&2; exit 4", Wait.forOneShotStartup());
    expect(error).toMatchObject({ code: "WAIT_FAILED", facts: { logTail: ["out of paper"] } });
    expect(error.message).toContain("it ended with exit code 4, not with code 0");
  });
});

describe("composed", () => {
  it("forAny takes the first, and fails with all", async () => {
    await using _ = await container("echo ready; sleep 60", Wait.forAny([Wait.forFile("/never"), Wait.forLogMessage("ready")])).start();
    const error = await failure("sleep 60", Wait.forAny([Wait.forFile("/a"), Wait.forFile("/b")]), 200);
    expect(error).toMatchObject({ code: "WAIT_TIMEOUT", facts: { waitingFor: "the file /a or the file /b" } });
  });

  it("forAll has time-outs of its parts, and a deadline for the whole", async () => {
    await using _ = await container(
      "touch /a; echo ready; sleep 60",
      Wait.forAll([Wait.forFile("/a"), Wait.forLogMessage("ready")]),
    ).start();
    const short = await failure(
      "touch /a; sleep 60",
      Wait.forAll([Wait.forFile("/a"), Wait.forLogMessage("never").withStartupTimeout(100)]),
    );
    expect(short).toMatchObject({ code: "WAIT_TIMEOUT", facts: { timeoutMs: 100 } });
    const late = await failure("sleep 60", Wait.forAll([Wait.forLogMessage("never")]).withDeadline(150));
    expect(late).toMatchObject({ code: "WAIT_TIMEOUT", facts: { timeoutMs: 150 } });
  });

  it("end with the container", async () => {
    const begin = performance.now();
    const error = await failure("sleep 0.1; exit 8", Wait.forAll([Wait.forFile("/a"), Wait.forAny([Wait.forFile("/b")])]));
    expect(error).toMatchObject({ code: "CONTAINER_EXITED", facts: { exitCode: 8 } });
    expect(performance.now() - begin).toBeLessThan(4000);
  });
});
