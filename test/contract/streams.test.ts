/** What every engine owes about streams in and out of containers: copies, terminals, attached and followed output, health. */
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { ENGINES, ROUTES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each([...ENGINES, ...ROUTES])("the $name engine:", (candidate) => {
  const at = useEngine(candidate);

  describe("copying", () => {
    it("brings files in and out again", async () => {
      const id = await at.startShell("sleep 60");
      const tar = pack();
      tar.entry({ name: "dir/file", mode: 0o640, uid: 1000, gid: 1000 }, "content");
      tar.finalize();
      await at.engine.containers.copyIn(id, Readable.from([await buffer(tar)]), { path: "/tmp" });
      const names: string[] = [];
      const out = (await at.engine.containers.copyOut(id, "/tmp/dir")).pipe(extract());
      for await (const entry of out) names.push(`${entry.header.name} ${entry.header.uid} ${await text(entry)}`);
      expect(names).toEqual(["dir/ 0 ", "dir/file 1000 content"]);
    });

    it("stays inside the container where links lead out of it", async () => {
      const id = await at.startShell("ln -s /../../../../.. /tmp/up; ln -s /etc /tmp/etc; echo ready; sleep 60");
      for await (const _ of at.engine.containers.logs(id, { follow: true })) break;
      const tar = pack();
      tar.entry({ name: "caisson-escape" }, "x");
      tar.finalize();
      await at.engine.containers.copyIn(id, Readable.from([await buffer(tar)]), { path: "/tmp/up" });
      const process = await at.engine.containers.exec(id, { command: ["ls", "/"] });
      expect(await text(process.stdout)).toContain("caisson-escape\n");
      const passwd = (await at.engine.containers.copyOut(id, "/tmp/etc/passwd")).pipe(extract());
      for await (const entry of passwd) expect(await text(entry)).toContain("app:x:1000:1000");
    });

    it("names a path that is not there", async () => {
      const id = await at.startShell("sleep 60");
      await expect(at.engine.containers.copyOut(id, "/nonesuch")).rejects.toMatchObject({
        code: "PATH_NOT_FOUND",
        facts: { path: "/nonesuch" },
      });
    });
  });

  describe("streams", () => {
    it("go at the reader's pace, and leave nobody waiting behind", async () => {
      const id = await at.startShell("read x; head -c 3000000 /dev/zero", { openStdin: true, stdinOnce: true });
      const { stdin, stdout } = await at.engine.containers.attach(id, { stdin: true });
      stdin!.end("go\n");
      let [bytes, waiting] = [0, 0];
      for await (const chunk of stdout) {
        bytes += chunk.length;
        waiting = Math.max(waiting, stdout.listenerCount("close"));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(bytes).toBe(3_000_000);
      expect(waiting).toBeLessThan(5);
    });

    it("that are attached before a start which never comes harm nobody", async () => {
      const { id } = await at.engine.containers.create({ image: "busybox", command: ["true"] });
      const { stdout } = await at.engine.containers.attach(id);
      await at.engine.containers.remove(id);
      // How it ended is asked of nobody: an unhandled failure would fail this run.
      stdout.on("error", () => {}).resume();
      await new Promise((resolve) => (stdout.closed || stdout.readableEnded ? resolve(undefined) : stdout.once("close", resolve)));
    });

    it("carry the container's own input and output", async () => {
      const id = await at.startShell("read line; echo got $line", { openStdin: true, stdinOnce: true });
      const { stdin, stdout } = await at.engine.containers.attach(id, { stdin: true });
      stdin!.end("a line\n");
      expect(await text(stdout)).toBe("got a line\n");
    });

    it("can be a terminal", async () => {
      const id = await at.startShell("tty; test -t 0 && echo terminal", { tty: true });
      await at.engine.containers.wait(id);
      let output = "";
      for await (const { data } of at.engine.containers.logs(id)) output += data.toString();
      expect(output).toMatch(/^\/dev\/(pts\/0|console)\r\nterminal\r\n$/);
    });

    it("follow the log until the container exits", async () => {
      const id = await at.startShell("for i in 1 2 3; do echo $i; sleep 0.05; done");
      const lines: string[] = [];
      for await (const { data } of at.engine.containers.logs(id, { follow: true })) lines.push(data.toString());
      expect(lines).toEqual(["1\n", "2\n", "3\n"]);
    });
  });

  /** Resolves once the container has written so many records, in all of its runs. */
  async function logged(id: string, records: number): Promise<void> {
    for await (const _ of at.engine.containers.logs(id, { follow: true })) if (--records === 0) return;
  }

  describe("a container's life", () => {
    it("ends by its stop signal, and can begin again with its files", async () => {
      const id = await at.startShell("echo run >>/runs; trap 'exit 7' USR1; echo ready; while :; do sleep 0.02; done", {
        stopSignal: "SIGUSR1",
      });
      // Before its trap is set, the signal would be lost: the first process of a pid namespace ignores what it doesn't handle.
      await logged(id, 1);
      await at.engine.containers.stop(id);
      expect(await at.engine.containers.wait(id)).toMatchObject({ exitCode: 7 });
      await at.engine.containers.start(id);
      await logged(id, 2);
      const process = await at.engine.containers.exec(id, { command: ["cat", "/runs"] });
      expect(await text(process.stdout)).toBe("run\nrun\n");
    });

    it("tells its health", async () => {
      const id = await at.startShell("sleep 0.1; touch /ok; sleep 60", {
        healthcheck: { test: ["CMD-SHELL", "test -e /ok"], intervalMs: 30, retries: 100 },
      });
      const events = at.engine.events({ signal: AbortSignal.timeout(5000) });
      for await (const event of events) if (event.id === id && event.action === "health_status: healthy") break;
      expect((await at.engine.containers.inspect(id)).state.health).toMatchObject({ status: "healthy", failingStreak: 0 });
    });
  });
});
