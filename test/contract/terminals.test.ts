/** What every engine owes about connections to terminals: their size, and leaving them with everything running on. */
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { ENGINES, ROUTES } from "./engines.js";
import { useEngine } from "./workbench.js";

/** Reads until the text has come, and returns all that was read. */
async function readUntil(stream: Readable, wanted: string): Promise<string> {
  let read = "";
  while (!read.includes(wanted)) {
    const chunk: Buffer | null = stream.read();
    if (chunk) read += chunk.toString();
    else await once(stream, "readable");
  }
  return read;
}

describe.each([...ENGINES, ...ROUTES])("the $name engine: a terminal", (candidate) => {
  const at = useEngine(candidate);

  const startShell = (): Promise<string> => at.start({ command: ["sh"], tty: true, openStdin: true, stdinOnce: true });

  it("has the size that it was given last", async () => {
    const id = await startShell();
    const streams = await at.engine.containers.attach(id, { stdin: true });
    await streams.resize({ rows: 33, columns: 77 });
    streams.stdin!.write("stty size\n");
    await readUntil(streams.stdout, "33 77");
    await streams.resize({ rows: 10, columns: 20 });
    streams.stdin!.write("stty size\n");
    await readUntil(streams.stdout, "10 20");
    streams.stdin!.write("exit\n");
    expect(await streams.end).toBe("exit");
  });

  it("is left by docker's keys, and can be come back to", async () => {
    const events = at.engine.events({ filters: { event: ["attach", "detach"] }, signal: AbortSignal.timeout(10_000) });
    const id = await startShell();
    const first = await at.engine.containers.attach(id, { stdin: true });
    first.stdin!.write("echo $((6*7))\n");
    await readUntil(first.stdout, "42");
    first.stdin!.write("X=kept\n\x10");
    first.stdin!.write("\x11not for the shell\n");
    expect(await first.end).toBe("detach");
    first.stdout.resume();
    expect((await at.engine.containers.inspect(id)).state.running).toBe(true);
    const second = await at.engine.containers.attach(id, { stdin: true });
    second.stdin!.write("echo $X$X\n");
    expect(await readUntil(second.stdout, "keptkept")).not.toContain("not for the shell");
    second.stdin!.write("exit 3\n");
    expect(await second.end).toBe("exit");
    expect(await at.engine.containers.wait(id)).toMatchObject({ exitCode: 3 });
    const actions: string[] = [];
    for await (const { action } of events) if (actions.push(action) === 3) break;
    expect(actions).toEqual(["attach", "detach", "attach"]);
  });

  it("passes keys on that are not all of them, and takes others", async () => {
    const id = await at.startShell("stty -echo raw; echo ready; head -c 4 | od -An -tx1; sleep 60", { tty: true, openStdin: true });
    const streams = await at.engine.containers.attach(id, { stdin: true, logs: true, detachKeys: "ctrl-a,d" });
    await readUntil(streams.stdout, "ready");
    streams.stdin!.write("\x01");
    streams.stdin!.write("x\x10\x11");
    await readUntil(streams.stdout, "01 78 10 11");
    streams.stdin!.write("\x01d");
    expect(await streams.end).toBe("detach");
    for (const detachKeys of ["ctrl-1", "ctrl-", "ab", "a,,b"]) {
      await expect(at.engine.containers.attach(id, { stdin: true, detachKeys })).rejects.toMatchObject({
        code: "OPTION_INVALID",
        facts: { option: "detachKeys" },
      });
    }
  });

  it("has no such keys where none are wanted, or where there is no terminal", async () => {
    const id = await at.startShell("stty -echo raw; echo ready; head -c 2 | od -An -tx1", { tty: true, openStdin: true });
    const streams = await at.engine.containers.attach(id, { stdin: true, logs: true, detachKeys: "" });
    await readUntil(streams.stdout, "ready");
    streams.stdin!.write("\x10\x11");
    await readUntil(streams.stdout, "10 11");
    expect(await streams.end).toBe("exit");
    const plain = await at.startShell("od -An -tx1", { openStdin: true, stdinOnce: true });
    const piped = await at.engine.containers.attach(plain, { stdin: true });
    piped.stdin!.end("\x10\x11");
    expect(await text(piped.stdout)).toBe(" 10 11\n");
  });

  it("of a further process can be left, too: the process goes on", async () => {
    const id = await at.startShell("sleep 60");
    const process = await at.engine.containers.exec(id, { command: ["sh"], tty: true, stdin: true });
    process.stdin!.write("echo $((6*7)); while [ ! -e /stop ]; do echo filling the terminal; sleep 0.001; done; touch /done; exit 5\n");
    await readUntil(process.stdout, "42");
    process.stdin!.write("\x10\x11");
    expect(await process.end).toBe("detach");
    process.stdout.resume();
    const stop = await at.engine.containers.exec(id, { command: ["sh", "-c", "sleep 0.3; touch /stop"] });
    await stop.exit;
    expect(await process.exit).toMatchObject({ exitCode: 5 });
  });

  it("stays connected over restarts by the policy", async () => {
    const { id } = await at.engine.containers.create({
      image: "busybox",
      command: ["sh", "-c", "echo run; exit 1"],
      restartPolicy: { name: "on-failure", maximumRetryCount: 1 },
    });
    const streams = await at.engine.containers.attach(id);
    await at.engine.containers.start(id);
    expect(await text(streams.stdout)).toBe("run\nrun\n");
    expect(await streams.end).toBe("exit");
  });
});
