/** What every engine owes about a container's states: paused, restarted, renamed, updated, waited for, removed. */
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../src/engine/engine.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each(ENGINES)("the $name engine:", (candidate) => {
  const at = useEngine(candidate);

  /** Actions on a container until `last` has come so often. */
  async function actionsUntil(events: AsyncIterable<EngineEvent>, id: string, last: string, times = 1): Promise<string[]> {
    const actions: string[] = [];
    for await (const event of events) {
      if (event.id !== id) continue;
      actions.push(event.action);
      if (event.action === last && --times === 0) break;
    }
    return actions;
  }

  async function logOf(id: string): Promise<string> {
    let output = "";
    for await (const { data } of at.engine.containers.logs(id)) output += data.toString();
    return output;
  }

  const events = (): AsyncIterable<EngineEvent> => at.engine.events({ type: "container", signal: AbortSignal.timeout(10_000) });

  describe("a stop that has hours", () => {
    /** It does nothing for SIGTERM. */
    const stubborn = "trap '' TERM; echo ready; while :; do sleep 0.02; done";
    const SIGKILLED = { exitCode: 137 };

    it.each([
      ["another stop", (id: string) => at.engine.containers.stop(id, { timeoutMs: 0 })],
      ["a removal by force", (id: string) => at.engine.containers.remove(id, { force: true })],
      ["SIGKILL", (id: string) => at.engine.containers.kill(id)],
    ] as const)("does not keep %s waiting", async (_, end) => {
      const id = await at.startShell(stubborn);
      for await (const _ of at.engine.containers.logs(id, { follow: true })) break;
      const exit = at.engine.containers.wait(id);
      const heard = actionsUntil(events(), id, "kill");
      // Of one that is removed under it, engines say different things.
      const stopped = at.engine.containers.stop(id, { timeoutMs: 3_600_000 }).catch(() => {});
      await heard;
      await end(id);
      await stopped;
      expect(await exit).toMatchObject(SIGKILLED);
    });
  });

  describe("a paused container", () => {
    const counting = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done";

    it("stands still, refuses further processes, and goes on", async (context) => {
      if (!at.engine.supports.pause) context.skip("this engine can't pause containers here");
      const id = await at.startShell(counting);
      const actions = actionsUntil(events(), id, "unpause");
      for await (const _ of at.engine.containers.logs(id, { follow: true })) break;
      await at.engine.containers.pause(id);
      expect((await at.engine.containers.inspect(id)).state).toMatchObject({ status: "paused", running: true });
      const [first, second] = [await logOf(id), (await new Promise((resolve) => setTimeout(resolve, 60)), await logOf(id))];
      expect(second).toBe(first);
      await expect(at.engine.containers.exec(id, { command: ["true"] })).rejects.toMatchObject({ code: "CONTAINER_PAUSED" });
      await expect(at.engine.containers.pause(id)).rejects.toMatchObject({ code: "CONTAINER_PAUSED" });
      await expect(at.engine.containers.start(id)).rejects.toMatchObject({ code: "CONTAINER_PAUSED" });
      await expect(at.engine.containers.remove(id)).rejects.toMatchObject({ code: "CONTAINER_RUNNING" });
      await at.engine.containers.unpause(id);
      expect(await actions).toEqual(["pause", "unpause"]);
      for await (const { data } of at.engine.containers.logs(id, { follow: true })) if (Number(data) > second.split("\n").length + 3) break;
      await expect(at.engine.containers.unpause(id)).rejects.toMatchObject({ code: "CONTAINER_NOT_PAUSED" });
      expect((await at.engine.containers.inspect(id)).state.status).toBe("running");
    });

    it("can be stopped, killed and removed", async (context) => {
      if (!at.engine.supports.pause) context.skip("this engine can't pause containers here");
      const stopped = await at.startShell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done");
      for await (const _ of at.engine.containers.logs(stopped, { follow: true })) break;
      await at.engine.containers.pause(stopped);
      await at.engine.containers.stop(stopped);
      expect(await at.engine.containers.wait(stopped)).toMatchObject({ exitCode: 7 });
      const killed = await at.startShell("sleep 60");
      await at.engine.containers.pause(killed);
      await at.engine.containers.kill(killed);
      expect(await at.engine.containers.wait(killed)).toMatchObject({ signal: "SIGKILL" });
      const removed = await at.startShell("sleep 60");
      await at.engine.containers.pause(removed);
      await at.engine.containers.remove(removed, { force: true });
      await expect(at.engine.containers.inspect(removed)).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
    });

    it("must run first", async () => {
      const { id } = await at.engine.containers.create({ image: "busybox", command: ["true"] });
      await expect(at.engine.containers.pause(id)).rejects.toMatchObject({ code: "CONTAINER_NOT_RUNNING", facts: { status: "created" } });
      await expect(at.engine.containers.unpause(id)).rejects.toMatchObject({ code: "CONTAINER_NOT_RUNNING" });
    });
  });

  describe("a restart policy", () => {
    it("starts a failing container again, so often and no more, with its files and one log", async () => {
      const heard = events();
      const id = await at.startShell("echo run >>/runs; cat /runs | wc -l; exit 3", {
        restartPolicy: { name: "on-failure", maximumRetryCount: 2 },
      });
      let followed = "";
      for await (const { data } of at.engine.containers.logs(id, { follow: true })) followed += data.toString();
      expect(followed).toBe("1\n2\n3\n");
      expect(await at.engine.containers.wait(id)).toMatchObject({ exitCode: 3 });
      expect(await at.engine.containers.inspect(id)).toMatchObject({ restartCount: 2, state: { status: "exited", running: false } });
      expect(await actionsUntil(heard, id, "die", 3)).toEqual(["create", "start", "die", "start", "die", "start", "die"]);
    });

    it("lets a container that succeeded be, unless it says always", async () => {
      const id = await at.startShell("exit 0", { restartPolicy: { name: "on-failure" } });
      expect(await at.engine.containers.wait(id)).toMatchObject({ exitCode: 0 });
      const heard = events();
      const again = await at.startShell("exit 0", { restartPolicy: { name: "always" } });
      await actionsUntil(heard, again, "start", 2);
      expect((await at.engine.containers.inspect(again)).restartCount).toBeGreaterThanOrEqual(1);
    });

    it.each(["stop", "kill"] as const)("ends with %s, also between two runs", async (how) => {
      const heard = events();
      const id = await at.startShell("exit 1", { restartPolicy: { name: "unless-stopped" } });
      await actionsUntil(heard, id, "die", 3); // by then the pauses are long enough to be in one
      const { state } = await at.engine.containers.inspect(id);
      expect(state).toMatchObject({ status: "restarting", running: true, pid: 0, exit: { exitCode: 1 } });
      await expect(at.engine.containers.exec(id, { command: ["true"] })).rejects.toMatchObject({
        code: "CONTAINER_NOT_RUNNING",
        facts: { status: "restarting" },
      });
      await expect(at.engine.containers.remove(id)).rejects.toMatchObject({ code: "CONTAINER_RUNNING" });
      const waited = at.engine.containers.wait(id);
      await at.engine.containers[how](id);
      expect(await waited).toMatchObject({ exitCode: 1 });
      expect((await at.engine.containers.inspect(id)).state.status).toBe("exited");
    });

    it("is over when a running container is stopped, and begins anew with a start", async () => {
      const id = await at.startShell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.02; done", { restartPolicy: { name: "always" } });
      for await (const _ of at.engine.containers.logs(id, { follow: true })) break;
      await at.engine.containers.stop(id);
      expect((await at.engine.containers.inspect(id)).state).toMatchObject({ status: "exited", exit: { exitCode: 5 } });
      await at.engine.containers.start(id);
      expect(await at.engine.containers.inspect(id)).toMatchObject({ restartCount: 0, state: { status: "running" } });
    });

    it.each([
      [{ restartPolicy: { name: "sometimes" } }, "restartPolicy.name"],
      [{ restartPolicy: { name: "always", maximumRetryCount: 3 } }, "restartPolicy.maximumRetryCount"],
      [{ restartPolicy: { name: "always" }, autoRemove: true }, "autoRemove"],
    ])("%j is refused", async (spec, option) => {
      await expect(at.engine.containers.create({ image: "busybox", ...spec } as never)).rejects.toMatchObject({
        code: "OPTION_INVALID",
        facts: { option },
      });
    });
  });

  describe("waiting", () => {
    it("for the next exit ignores the last; for the removal gets it", async () => {
      const id = await at.startShell("exit 4");
      await at.engine.containers.wait(id);
      const next = at.engine.containers.wait(id, { condition: "next-exit" });
      const removed = at.engine.containers.wait(id, { condition: "removed" });
      await at.engine.containers.start(id);
      expect(await next).toMatchObject({ exitCode: 4 });
      await at.engine.containers.remove(id);
      expect(await removed).toMatchObject({ exitCode: 4 });
    });

    it("for the removal works with containers that remove themselves, and that never ran", async () => {
      const { id } = await at.engine.containers.create({ image: "busybox", command: ["sh", "-c", "exit 9"], autoRemove: true });
      const removed = at.engine.containers.wait(id, { condition: "removed" });
      await at.engine.containers.start(id);
      expect(await removed).toMatchObject({ exitCode: 9 });
      const never = await at.engine.containers.create({ image: "busybox" });
      const gone = at.engine.containers.wait(never.id, { condition: "removed" });
      await at.engine.containers.remove(never.id);
      expect(await gone).toEqual({ exitCode: 0, oomKilled: false });
    });

    it("ends with its signal", async () => {
      const id = await at.startShell("sleep 60");
      await expect(at.engine.containers.wait(id, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: "ABORTED" });
    });
  });

  describe("a name", () => {
    it("can be changed for one that is free", async () => {
      const heard = events();
      const { id } = await at.engine.containers.create({ image: "busybox", name: "before" });
      await at.engine.containers.create({ image: "busybox", name: "other" });
      await at.engine.containers.rename("before", "after");
      expect(await at.engine.containers.inspect("after")).toMatchObject({ id, name: "after" });
      await expect(at.engine.containers.inspect("before")).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
      await expect(at.engine.containers.rename("after", "other")).rejects.toMatchObject({ code: "CONTAINER_NAME_TAKEN" });
      await expect(at.engine.containers.rename("after", "-")).rejects.toMatchObject({ code: "OPTION_INVALID" });
      for await (const event of heard) {
        if (event.action !== "rename") continue;
        expect(event.attributes).toMatchObject({ name: "after", oldName: "before" });
        break;
      }
      await at.engine.containers.create({ image: "busybox", name: "before" });
    });
  });

  describe("prune", () => {
    it("removes what does not run, by label and age, and tells how much that was", async () => {
      const running = await at.startShell("sleep 60");
      const exited = await at.startShell("dd if=/dev/zero of=/file bs=1k count=100 2>/dev/null", { labels: { kind: "test" } });
      await at.engine.containers.wait(exited);
      const { id: created } = await at.engine.containers.create({ image: "busybox", labels: { kind: "other" } });
      const prune = (filters: object) => at.engine.containers.prune({ filters });
      expect(await prune({ label: ["kind=none"] })).toEqual({ containers: [], bytes: 0 });
      expect(await prune({ until: new Date(0) })).toEqual({ containers: [], bytes: 0 });
      expect(await prune({ label: ["kind"], "label!": ["kind=other"] })).toEqual({ containers: [exited], bytes: 102_400 });
      expect(await at.engine.containers.prune()).toEqual({ containers: [created], bytes: 0 });
      expect((await at.engine.containers.list({ all: true })).map(({ id }) => id)).toEqual([running]);
    });
  });

  it("a container's terminal of a further process takes its size", async () => {
    const id = await at.startShell("sleep 60");
    const process = await at.engine.containers.exec(id, { command: ["sh"], tty: true, stdin: true });
    await process.resize({ rows: 33, columns: 77 });
    process.stdin!.write("stty size; exit\n");
    expect(await text(process.stdout)).toContain("33 77");
  });
});
