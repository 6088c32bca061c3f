/** What every engine owes about volumes as things of their own: making, naming, finding, removing, and who has them. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { EngineEvent, VolumeSpec } from "../../src/engine/engine.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each(ENGINES)("the $name engine:", (candidate) => {
  const at = useEngine(candidate);

  afterEach(async () => {
    for (const { id } of await at.engine.containers.list({ all: true })) await at.engine.containers.remove(id, { force: true });
    await at.engine.volumes.prune({ all: true });
    expect(await at.engine.volumes.list()).toEqual([]);
  });

  const names = async (options = {}) => (await at.engine.volumes.list(options)).map(({ name }) => name);
  const inVolume = (source: string, script: string) => at.shell(script, { mounts: [{ type: "volume", source, target: "/v" }] });

  it("a volume is made, found and removed", async () => {
    const made = await at.engine.volumes.create({ name: "one", labels: { a: "b" } });
    expect(made).toMatchObject({ name: "one", labels: { a: "b" }, anonymous: false, options: {}, inUse: false, usedBy: [] });
    expect(Math.abs(Date.now() - made.created.getTime())).toBeLessThan(60_000);
    expect(await at.engine.volumes.inspect("one")).toEqual(made);
    await at.engine.volumes.create({ name: "other" });
    expect(await names()).toEqual(["one", "other"]);
    expect(await names({ name: "ot" })).toEqual(["other"]);
    expect(await names({ labels: { a: "b" } })).toEqual(["one"]);
    await at.engine.volumes.remove("one");
    await expect(at.engine.volumes.inspect("one")).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND", facts: { volume: "one" } });
  });

  it("one without a name gets one, and is pruned like what nobody chose to keep", async () => {
    const { name, anonymous } = await at.engine.volumes.create();
    expect([name, anonymous]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), true]);
    await at.engine.volumes.create({ name: "chosen" });
    await at.engine.volumes.create({ name: "labelled", labels: { keep: "no" } });
    await inVolume("labelled", "head -c 4096 /dev/zero > /v/file");
    for (const { id } of await at.engine.containers.list({ all: true })) await at.engine.containers.remove(id);
    expect(await at.engine.volumes.prune()).toMatchObject({ removed: [name] });
    const { removed, bytes } = await at.engine.volumes.prune({ all: true, labels: { keep: "no" } });
    expect(removed).toEqual(["labelled"]);
    expect(bytes).toBeGreaterThanOrEqual(4096);
    expect(await names()).toEqual(["chosen"]);
  });

  it("a name that is there is taken as it is, unless it was to be something else", async () => {
    const first = await at.engine.volumes.create({ name: "same", labels: { a: "1" } });
    expect(await at.engine.volumes.create({ name: "same" })).toEqual(first);
    expect(await at.engine.volumes.create({ name: "same", labels: { a: "1" } })).toEqual(first);
    for (const labels of [{ a: "2" }, { a: "1", b: "2" }, {}] as Record<string, string>[])
      await expect(at.engine.volumes.create({ name: "same", labels })).rejects.toMatchObject({ code: "VOLUME_NAME_TAKEN" });
  });

  it.each([
    [{ name: "x" }, "name"],
    [{ name: "../escaped" }, "name"],
    [{ name: ".hidden" }, "name"],
    [{ name: "a/b" }, "name"],
    [{ name: "n".repeat(256) }, "name"],
    [{ name: "vv", labels: { a: 1 } }, "labels"],
    [{ name: "vv", options: { typ: "nfs" } }, "options.typ"],
    [{ name: "vv", options: { type: "none", o: "bind", device: "here" } }, "options.device"],
  ])("names the malformed option of %j", async (spec, option) => {
    await expect(at.engine.volumes.create(spec as VolumeSpec)).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option } });
  });

  it("removing what is not there is an error, unless that is as good", async () => {
    await expect(at.engine.volumes.remove("nonesuch")).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
    await expect(at.engine.volumes.remove("../sessions")).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
    await at.engine.volumes.remove("nonesuch", { force: true });
  });

  it("keeps what containers wrote, for others that come later and at once", async () => {
    await inVolume("kept", "echo first >/v/file");
    const { inUse, usedBy } = await at.engine.volumes.inspect("kept");
    expect([inUse, usedBy.length]).toEqual([true, 1]);
    const reader = await at.startShell("until [ -e /v/second ]; do sleep 0.01; done; cat /v/file /v/second", {
      mounts: [{ type: "volume", source: "kept", target: "/v", readonly: true }],
    });
    expect((await inVolume("kept", "echo second >/v/new; mv /v/new /v/second")).exitCode).toBe(0);
    expect((await at.engine.containers.wait(reader)).exitCode).toBe(0);
    let output = "";
    for await (const { data } of at.engine.containers.logs(reader)) output += data.toString();
    expect(output).toBe("first\nsecond\n");
    expect((await at.shell("touch /v/x 2>&1", { mounts: [{ type: "volume", source: "kept", target: "/v", readonly: true }] })).stdout).toBe(
      "touch: /v/x: Read-only file system\n",
    );
  });

  it("can't be removed while a container has it, running or not, of whatever process", async () => {
    const { id } = await at.engine.containers.create({
      image: "busybox",
      name: "holder",
      command: ["true"],
      mounts: [{ type: "volume", source: "held", target: "/v" }],
    });
    const inUse = { code: "VOLUME_IN_USE", facts: { volume: "held", containers: ["holder"] } };
    await expect(at.engine.volumes.remove("held")).rejects.toMatchObject(inUse);
    await at.engine.containers.start(id);
    await at.engine.containers.wait(id);
    await expect(at.engine.volumes.remove("held", { force: true })).rejects.toMatchObject(inUse);
    await at.engine.volumes.create({ name: "free" });
    expect(await names({ dangling: true })).toEqual(["free"]);
    expect(await names({ dangling: false })).toEqual(["held"]);

    {
      await using other = await at.openAnother();
      const known = (await other.containers.list({ all: true })).map(({ name }) => name);
      expect(await other.volumes.inspect("held")).toMatchObject({ inUse: true, usedBy: known });
      await expect(other.volumes.remove("held")).rejects.toMatchObject({ code: "VOLUME_IN_USE", facts: { containers: known } });
      expect(await other.volumes.prune({ all: true })).toMatchObject({ removed: ["free"] });
      // The first one's hold must have survived all that.
      await expect(other.volumes.remove("held")).rejects.toMatchObject({ code: "VOLUME_IN_USE" });
    }
    await at.engine.containers.remove(id);
    await at.engine.volumes.remove("held");
  });

  it("made, had, removed and made again by many at once, it is whole or not there", async () => {
    await using other = await at.openAnother();
    const turn = async (engine: typeof at.engine, index: number): Promise<void> => {
      const mounts = [{ type: "volume", source: "busy", target: "/v" }] as const;
      const { id } = await engine.containers.create({ image: "busybox", command: ["true"], mounts });
      expect((await engine.volumes.inspect("busy")).inUse).toBe(true);
      await expect(engine.volumes.remove("busy")).rejects.toMatchObject({ code: "VOLUME_IN_USE" });
      await engine.containers.remove(id);
      if (index % 2 === 0) await engine.volumes.remove("busy").catch(() => {});
    };
    await Promise.all(Array.from({ length: 40 }, (_, index) => turn(index % 4 < 2 ? at.engine : other, index)));
  });

  it("is told of in events", async () => {
    const stop = new AbortController();
    const seen: EngineEvent[] = [];
    const events = at.engine.events({ type: "volume", signal: stop.signal });
    const reading = (async () => {
      for await (const event of events) {
        seen.push(event);
        if (event.action === "destroy") return;
      }
    })();
    await at.engine.volumes.create({ name: "told" });
    await inVolume("told-too", "true");
    await at.engine.volumes.remove("told");
    await reading;
    stop.abort();
    const told = seen.filter(({ action }) => action === "create" || action === "destroy").map(({ action, id }) => `${action} ${id}`);
    expect(told).toEqual(["create told", "create told-too", "destroy told"]);
  });

  it("may be a directory of the host, which is nobody's to fill or to remove", async () => {
    const device = await mkdtemp(path.join(tmpdir(), "caisson-device-"));
    try {
      await writeFile(path.join(device, "here"), "from the host\n");
      const made = await at.engine.volumes.create({ name: "device", options: { type: "none", o: "bind", device } });
      expect(made.mountpoint).toBe(device);
      expect((await inVolume("device", "cat /v/here; echo back >/v/there")).stdout).toBe("from the host\n");
      expect(await readFile(path.join(device, "there"), "utf8")).toBe("back\n");
      for (const { id } of await at.engine.containers.list({ all: true })) await at.engine.containers.remove(id, { force: true });
      await at.engine.volumes.remove("device");
      expect(await readFile(path.join(device, "here"), "utf8")).toBe("from the host\n");
    } finally {
      await rm(device, { recursive: true });
    }
  });

  it("refuses file systems that it can't mount", async (context) => {
    if (at.engine.supports.volumeFileSystems) context.skip("it can, as far as anybody knows before a container has the volume");
    const options = { type: "nfs", o: "addr=192.0.2.1", device: ":/x" };
    await expect(at.engine.volumes.create({ name: "remote", options })).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
