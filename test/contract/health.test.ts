/** What every engine owes about health checks: when they run, what counts, what is told. */
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Healthcheck } from "../../src/engine/engine.js";
import { Container, Wait } from "../../src/index.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

const FOREVER_MS = 3_600_000;

describe.each(ENGINES)("the $name engine: a health check", (candidate) => {
  const at = useEngine(candidate);

  const start = (script: string, healthcheck: Healthcheck): Promise<string> => at.startShell(script, { healthcheck });
  const healthOf = async (id: string) => (await at.engine.containers.inspect(id)).state.health;

  /** Listens before the container is made: a check may be over by the time that its start has resolved. */
  function statuses(count: number): { of(id: string): Promise<string[]> } {
    const events = at.engine.events({ filters: { event: ["health_status"] }, signal: AbortSignal.timeout(15_000) });
    return {
      async of(id) {
        const found: string[] = [];
        for await (const event of events) if (event.id === id && found.push(event.action.replace("health_status: ", "")) === count) break;
        return found;
      },
    };
  }

  it("is tried at once, and told when it changes", async () => {
    const heard = statuses(1);
    const id = await start("sleep 60", { test: ["CMD", "true"], intervalMs: FOREVER_MS });
    expect(await heard.of(id)).toEqual(["healthy"]);
    const health = await healthOf(id);
    expect(health).toMatchObject({ status: "healthy", failingStreak: 0, log: [{ exitCode: 0, output: "" }] });
    expect(health!.log[0]!.end.getTime()).toBeGreaterThanOrEqual(health!.log[0]!.start.getTime());
  });

  it("does not wait for an interval to pass before the first success", async () => {
    const heard = statuses(1);
    const id = await start("sleep 0.2; touch /ok; sleep 60", { test: ["CMD-SHELL", "test -e /ok"], intervalMs: FOREVER_MS, retries: 1 });
    expect(await heard.of(id)).toEqual(["healthy"]);
    const { failingStreak, log } = (await healthOf(id))!;
    expect(failingStreak).toBe(0);
    expect(log.length).toBeGreaterThan(1);
    expect(log.length).toBeLessThanOrEqual(5);
  });

  it("fails after its retries, keeps the last five results, and can recover", async () => {
    const heard = statuses(2);
    const id = await start("sleep 60", { test: ["CMD-SHELL", "test -e /ok || { echo not yet; exit 1; }"], intervalMs: 60, retries: 6 });
    expect(await healthOf(id)).toMatchObject({ status: "starting" });
    const both = heard.of(id);
    while ((await healthOf(id))?.status !== "unhealthy") await delay(20);
    const { failingStreak, log } = (await healthOf(id))!;
    expect(failingStreak).toBeGreaterThanOrEqual(6);
    expect(log.map(({ exitCode, output }) => [exitCode, output])).toEqual(Array(5).fill([1, "not yet\n"]));
    const touch = await at.engine.containers.exec(id, { command: ["touch", "/ok"] });
    await touch.exit;
    expect(await both).toEqual(["unhealthy", "healthy"]);
    expect((await healthOf(id))!.failingStreak).toBe(0);
  });

  it("forgives failures for as long as the container may start", async () => {
    const heard = statuses(1);
    const id = await start("sleep 0.5; touch /ok; sleep 60", {
      test: ["CMD-SHELL", "test -e /ok"],
      intervalMs: 20,
      startIntervalMs: 20,
      startPeriodMs: 30_000,
      retries: 1,
    });
    expect(await heard.of(id)).toEqual(["healthy"]);
  });

  it("is killed with all that it began when it takes too long", async () => {
    const id = await start("sleep 60", { test: ["CMD-SHELL", "sleep 61; true"], intervalMs: 50, timeoutMs: 150, retries: 1 });
    while ((await healthOf(id))?.status !== "unhealthy") await delay(20);
    const [first] = (await healthOf(id))!.log;
    expect(first).toMatchObject({ exitCode: -1, output: expect.stringMatching(/150 ?ms/) });
    // One probe may be running; what earlier ones began is gone.
    const ps = await at.engine.containers.exec(id, { command: ["ps", "-o", "args"] });
    expect((await text(ps.stdout)).split("\n").filter((line) => line === "sleep 61").length).toBeLessThanOrEqual(1);
  });

  it("that can't be run says why", async () => {
    const id = await start("sleep 60", { test: ["CMD", "nonesuch"], intervalMs: 20, retries: 1 });
    while ((await healthOf(id))?.status !== "unhealthy") await delay(20);
    expect((await healthOf(id))!.log[0]).toMatchObject({ exitCode: -1, output: expect.stringMatching(/nonesuch.*not found/) });
  });

  it("rests while the container is paused, and begins anew with a restart", async (context) => {
    if (!at.engine.supports.pause) context.skip("this engine can't pause containers here");
    const heard = statuses(1);
    const id = await start("sleep 60", { test: ["CMD", "true"], intervalMs: 20 });
    await heard.of(id);
    await at.engine.containers.pause(id);
    const { log } = (await healthOf(id))!;
    await delay(100);
    expect((await healthOf(id))!.log).toEqual(log);
    const probed = log.at(-1)!.start.getTime();
    await at.engine.containers.unpause(id);
    while ((await healthOf(id))!.log.at(-1)!.start.getTime() === probed) await delay(10);
    expect((await healthOf(id))!.status).toBe("healthy");
    await at.engine.containers.restart(id, { timeoutMs: 0 });
    const { state } = await at.engine.containers.inspect(id);
    expect(state.health!.log.filter(({ start }) => start < state.startedAt!)).toEqual([]);
  });

  it("is what a wait for health waits for, from the first success to the last failure", async () => {
    const container = (test: string, interval = FOREVER_MS): Container =>
      new Container("busybox", { engine: at.engine })
        .withCommand(["sh", "-c", "sleep 0.1; touch /ok; sleep 60"])
        .withHealthCheck({ test: ["CMD-SHELL", test], interval, retries: 1 })
        .withWaitStrategy(Wait.forHealthCheck());
    await using started = await container("test -e /ok").start();
    expect((await started.inspect()).state.health?.status).toBe("healthy");
    await expect(container("echo broken; false", 50).start()).rejects.toMatchObject({
      code: "WAIT_FAILED",
      message: expect.stringContaining("health check: exit code 1: broken"),
    });
  });
});
