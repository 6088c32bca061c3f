/** What every engine owes about looking at containers and at itself: lists, processes, use of resources, changed files, events, disk. */
import { describe, expect, it, onTestFinished } from "vitest";
import type { ContainerFilters, ContainerStats, EngineEvent, EventsOptions, StatsOptions } from "../../src/engine/engine.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

/** Ready once both are what they shall be: a new process is a copy of the shell at first. */
const TWO_SLEEPERS = 'for i in 61 62; do sleep $i & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done; done; echo ready; wait';

describe.each(ENGINES)("the $name engine:", (candidate) => {
  const at = useEngine(candidate);

  async function firstLine(id: string): Promise<void> {
    for await (const _ of at.engine.containers.logs(id, { follow: true })) return;
  }

  describe("stats", () => {
    async function samples(id: string, count: number, options: StatsOptions = { intervalMs: 50 }): Promise<ContainerStats[]> {
      const taken: ContainerStats[] = [];
      for await (const sample of at.engine.containers.stats(id, options)) if (taken.push(sample) === count) break;
      return taken;
    }

    it("count time, memory and processes", async () => {
      const id = await at.startShell("sleep 60 & head -c 30000000 /dev/zero | tail -c 20000000 >/tmp/x; echo ready; while :; do :; done", {
        mounts: [{ type: "tmpfs", target: "/tmp" }],
      });
      await firstLine(id);
      const [first, second] = await samples(id, 2, { intervalMs: 200 });
      expect(first).toMatchObject({ previousCpu: undefined, cpuPercent: undefined, pids: { current: 2, limit: undefined } });
      expect(second!.previousCpu).toEqual(first!.cpu);
      expect(second!.cpu.totalMs).toBeGreaterThan(first!.cpu.totalMs);
      expect(second!.cpuPercent).toBeGreaterThan(1);
      expect(second!.cpuPercent).toBeLessThanOrEqual(second!.cpu.onlineCpus * 100 + 10);
      expect(second!.memory.usageBytes).toBeGreaterThan(0);
      expect(second!.memory.limitBytes).toBeGreaterThan(64 << 20);
    });

    it("count memory against its limit, without the page cache", async (context) => {
      if (!at.engine.supports.limits.memory) context.skip("this host limits no memory");
      const id = await at.startShell("dd if=/dev/zero of=/file bs=1M count=20 2>/dev/null; echo ready; sleep 60", {
        resources: { memoryBytes: 100 << 20 },
      });
      await firstLine(id);
      const [sample] = await samples(id, 1);
      expect(sample).toMatchObject({ accounting: "cgroup", memory: { limitBytes: 100 << 20 } });
      expect(sample!.memory.cacheBytes).toBeGreaterThan(15 << 20);
      expect(sample!.memory.usageBytes).toBeLessThan(15 << 20);
      expect(sample!.memory.details["total_inactive_file"] ?? sample!.memory.details["inactive_file"]).toBe(sample!.memory.cacheBytes);
    });

    it("count what its network carries, unless that is another's", async () => {
      const id = await at.startShell("sleep 60", { networkMode: "none" });
      expect((await samples(id, 1))[0]!.networks).toEqual({}); // the loopback is not counted
      await at.engine.networks.create({ name: "counted" });
      const [one, two] = [
        await at.startShell("sleep 60", { networks: { counted: {} } }),
        await at.startShell("sleep 60", { networks: { counted: {} } }),
      ];
      const address = (await at.engine.containers.inspect(two)).networks["counted"]!.ipAddress;
      const ping = await at.engine.containers.exec(one, { command: ["ping", "-c", "3", "-i", "0.01", "-s", "1000", address] });
      expect(await ping.exit).toMatchObject({ exitCode: 0 });
      const [{ networks }] = (await samples(one, 1)) as [ContainerStats];
      expect(Object.keys(networks)).toEqual(["eth0"]);
      expect(networks["eth0"]!.txBytes).toBeGreaterThan(3000);
      expect(networks["eth0"]!.rxPackets).toBeGreaterThanOrEqual(3);
      const guest = await at.startShell("sleep 60", { networkMode: `container:${one}` });
      expect((await samples(guest, 1))[0]!.networks).toEqual({});
      const listed = await at.engine.containers.list({ filters: { network: ["counted"] } });
      expect(listed.map((each) => each.id)).toEqual([one, two]);
      if (!at.engine.supports.hostNetwork) return;
      const shared = await at.startShell("sleep 60", { networkMode: "host" });
      expect((await samples(shared, 1))[0]!.networks).toEqual({});
    });

    it("end after one, with the container, and with the signal", async () => {
      const id = await at.startShell("sleep 60");
      expect(await samples(id, 9, { oneShot: true })).toHaveLength(1);
      const cut = new AbortController();
      const taken: ContainerStats[] = [];
      for await (const sample of at.engine.containers.stats(id, { intervalMs: 60_000, signal: cut.signal })) {
        taken.push(sample);
        cut.abort();
      }
      expect(taken).toHaveLength(1);
      for await (const _ of at.engine.containers.stats(id, { intervalMs: 60_000 })) await at.engine.containers.kill(id);
      await expect(samples(id, 1)).rejects.toMatchObject({ code: "CONTAINER_NOT_RUNNING" });
      const { id: other } = await at.engine.containers.create({ image: "busybox" });
      await expect(samples(other, 1, { intervalMs: 0 })).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option: "intervalMs" } });
    });
  });

  describe("top", () => {
    it("lists processes as the container and as the host see them", async () => {
      const id = await at.startShell(TWO_SLEEPERS, { user: "app" });
      await firstLine(id);
      const { state } = await at.engine.containers.inspect(id);
      const processes = await at.engine.containers.top(id);
      const [shell] = processes;
      expect(processes.map(({ argv }) => argv.at(-1)).sort()).toEqual(["61", "62", TWO_SLEEPERS]);
      expect(shell).toMatchObject({
        pid: state.pid,
        containerPid: 1,
        user: "app",
        uid: 1000,
        name: "sh",
        threads: 1,
        tty: undefined,
        state: expect.stringMatching(/^[RS]$/),
      });
      for (const process of processes.slice(1)) expect(process.parentPid).toBe(state.pid);
      expect(Math.abs(Date.now() - shell!.startedAt.getTime())).toBeLessThan(60_000);
      expect(shell!.memoryBytes).toBeGreaterThan(0);
      await at.engine.containers.exec(id, { command: ["sleep", "63"], tty: true });
      expect((await at.engine.containers.top(id)).find(({ argv }) => argv[1] === "63")?.tty).toBe("pts/0");
      await at.engine.containers.kill(id);
      await at.engine.containers.wait(id);
      await expect(at.engine.containers.top(id)).rejects.toMatchObject({ code: "CONTAINER_NOT_RUNNING" });
    });
  });

  describe("changes", () => {
    const linesOf = async (id: string): Promise<string[]> =>
      (await at.engine.containers.changes(id)).map(({ path, kind }) => `${kind[0]!.toUpperCase()} ${path}`);

    it("are what was added, changed and deleted, without mounts", async () => {
      const id = await at.startShell(
        [
          "mkdir -p /new/deep; echo x >/new/deep/file; ln -s /nowhere /new/link",
          "echo more >>/etc/passwd; rm /etc/group; chmod 700 /root; rm -r /home/app; touch /mounted/x /tmp/y",
          "mkdir /other; echo kept >/other/file; echo ready; sleep 60",
        ].join("; "),
        {
          mounts: [
            { type: "tmpfs", target: "/mounted" },
            { type: "tmpfs", target: "/made/for/it" },
          ],
        },
      );
      await firstLine(id);
      const expected = [
        "C /etc",
        "D /etc/group",
        "C /etc/passwd",
        "C /home",
        "D /home/app",
        "A /new",
        "A /new/deep",
        "A /new/deep/file",
        "A /new/link",
        "A /other",
        "A /other/file",
        "C /root",
        "C /tmp",
        "A /tmp/y",
      ];
      expect(await linesOf(id)).toEqual(expected);
      await at.engine.containers.kill(id);
      await at.engine.containers.wait(id);
      expect(await linesOf(id)).toEqual(expected);
    });

    it("of a directory that was replaced are what is missing and what is new in it", async () => {
      const base = await at.startShell("mkdir -p /d/sub/low; echo 1 >/d/a; echo 2 >/d/sub/b; echo 3 >/d/sub/low/c; echo 4 >/d/gone");
      await at.engine.containers.wait(base);
      const { id: image } = await at.engine.containers.commit(base);
      const { id } = await at.engine.containers.create({
        image,
        command: ["sh", "-c", "rm -r /d; mkdir -p /d/sub; echo new >/d/sub/b; echo n >/d/n; ln -s /etc /d/gone"],
      });
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      expect(await linesOf(id)).toEqual(["C /d", "D /d/a", "C /d/gone", "A /d/n", "C /d/sub", "C /d/sub/b", "D /d/sub/low"]);
      await at.engine.containers.remove(id);
      await at.engine.images.remove(image);
    });

    it("of volumes are none, wherever these have their files, and take no room", async () => {
      const base = await at.startShell("mkdir -p /data/sub");
      await at.engine.containers.wait(base);
      const { id: image } = await at.engine.containers.commit(base, { changes: ["VOLUME /data"] });
      const { id } = await at.engine.containers.create({
        image,
        command: ["sh", "-c", "echo x >/data/file; echo x >/data/sub/file; echo x >/named/file; echo 12345 >/own"],
        mounts: [{ type: "volume", source: "named", target: "/named" }],
      });
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      expect(await linesOf(id)).toEqual(["A /own"]);
      const [listed] = await at.engine.containers.list({ all: true, size: true, filters: { id: [id] } });
      expect(listed?.size?.writableBytes).toBe(6);
      const { volumes } = await at.engine.diskUsage();
      expect(volumes.map(({ name, anonymous, bytes, inUse }) => [anonymous ? "" : name, bytes, inUse]).sort()).toEqual([
        ["", 4, true],
        ["named", 2, true],
      ]);
      await at.engine.containers.remove(id);
      await at.engine.volumes.remove("named");
      await at.engine.images.remove(image);
    });

    it("are none before the first start, and of a container that wrote nothing", async () => {
      const { id } = await at.engine.containers.create({ image: "busybox", command: ["true"] });
      expect(await linesOf(id)).toEqual([]);
      await at.engine.containers.start(id);
      await at.engine.containers.wait(id);
      expect(await linesOf(id)).toEqual([]);
    });
  });

  describe("the list", () => {
    it("passes docker's filters", async () => {
      const make = (name: string, spec: object = {}) => at.engine.containers.create({ image: "busybox", name, ...spec });
      const { id: one } = await make("list-one", { labels: { tier: "db", x: "1" }, exposedPorts: ["80/tcp"] });
      await make("list-two", { command: ["sh", "-c", "exit 3"], labels: { tier: "web" } });
      await at.engine.containers.start("list-two");
      await at.engine.containers.wait("list-two");
      await make("list-three", { command: ["sleep", "60"], publish: [{ containerPort: 53, protocol: "tcp" }] });
      await at.engine.containers.start("list-three");
      await make("list-four", { command: ["sleep", "60"], healthcheck: { test: ["CMD", "true"] } });
      const heard = at.engine.events({
        filters: { container: ["list-four"], event: ["health_status"] },
        signal: AbortSignal.timeout(5000),
      });
      await at.engine.containers.start("list-four");
      for await (const _ of heard) break;
      const named = async (filters: ContainerFilters, more: object = {}): Promise<string> =>
        (await at.engine.containers.list({ all: true, filters, ...more })).map(({ name }) => name.replace("list-", "")).join(" ");
      expect(await named({})).toBe("one two three four");
      expect(await named({}, { all: false })).toBe("three four");
      expect(await named({ status: ["created", "exited"] }, { all: false })).toBe("one two");
      expect(await named({ exited: [3] }, { all: false })).toBe("two");
      expect(await named({ label: ["tier"] })).toBe("one two");
      expect(await named({ label: ["tier=db", "x"] })).toBe("one");
      expect(await named({ name: ["t-t"], status: ["exited", "running"] })).toBe("two three");
      expect(await named({ id: [one.slice(0, 12)] })).toBe("one");
      expect(await named({ health: ["healthy"] })).toBe("four");
      expect(await named({ health: ["none"], status: ["running"] })).toBe("three");
      expect(await named({ before: "list-three" })).toBe("one two");
      expect(await named({ since: "list-two" })).toBe("three four");
      expect(await named({ publish: ["53"] })).toBe("three");
      expect(await named({ expose: ["80/tcp"] })).toBe("one");
      expect(await named({ ancestor: ["busybox"] })).toBe("one two three four");
      expect(await named({ ancestor: ["nonesuch"] })).toBe("");
      expect(await named({}, { all: false, limit: 2 })).toBe("three four");
      await expect(named({ before: "nonesuch" })).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
      await expect(named({ publish: ["x"] })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    });

    it("tells what `ps` shows without a look at each container", async () => {
      const network = await at.engine.networks.create({ name: "listed" });
      await at.engine.volumes.create({ name: "listed" });
      onTestFinished(async () => void (await at.engine.volumes.remove("listed", { force: true }).catch(() => {})));
      const id = await at.start({
        command: ["sleep", "60"],
        networks: { listed: {} },
        exposedPorts: ["81/tcp"],
        publish: [{ containerPort: 80, protocol: "tcp" }],
        mounts: [{ type: "volume", source: "listed", target: "/data" }],
      });
      const [listed] = await at.engine.containers.list({ filters: { id: [id] } });
      const { ports, exposedPorts, mounts, networks, ipAddress, statusText, status } = await at.engine.containers.inspect(id);
      expect({ ...listed, exposedPorts: [...listed!.exposedPorts].sort() }).toMatchObject({
        ports,
        exposedPorts: [...exposedPorts].sort(),
        mounts: mounts.map(({ type, name, target }) => ({ type, name, target })),
        ipAddress,
        status,
      });
      expect(Object.keys(listed!.networks)).toEqual(Object.keys(networks));
      expect(listed?.networks["listed"]?.ipAddress).toBe(networks["listed"]?.ipAddress);
      const up = /^Up (?:Less than a second|\d+ seconds?)$/;
      expect([listed?.statusText, statusText]).toEqual([expect.stringMatching(up), expect.stringMatching(up)]);
      await at.engine.containers.kill(id);
      await at.engine.containers.wait(id);
      const [ended] = await at.engine.containers.list({ all: true, filters: { id: [id] } });
      expect(ended?.statusText).toMatch(/^Exited \(137\) (?:Less than a second|\d+ seconds?) ago$/);
      await at.engine.containers.remove(id);
      await at.engine.networks.remove(network.id);
      await at.engine.volumes.remove("listed");
    });

    it("knows images that stand on others", async () => {
      const base = await at.startShell("echo x >/file");
      await at.engine.containers.wait(base);
      const { id: image } = await at.engine.containers.commit(base, { reference: "derived" });
      onTestFinished(async () => void (await at.engine.images.remove("derived", { force: true }).catch(() => {})));
      const { id } = await at.engine.containers.create({ image });
      const ids = async (ancestor: string) =>
        (await at.engine.containers.list({ all: true, filters: { ancestor: [ancestor] } })).map((each) => each.id);
      expect(await ids("busybox")).toEqual([base, id]);
      expect(await ids("derived")).toEqual([id]);
      await at.engine.containers.remove(id);
      await at.engine.images.remove("derived");
    });

    it("tells sizes when asked", async () => {
      const id = await at.startShell("dd if=/dev/zero of=/file bs=1k count=64 2>/dev/null");
      await at.engine.containers.wait(id);
      const { size: imageSize } = await at.engine.images.inspect("busybox");
      const [listed] = await at.engine.containers.list({ all: true, size: true });
      expect(listed?.size).toEqual({ writableBytes: 65_536, rootBytes: 65_536 + imageSize });
      expect((await at.engine.containers.list({ all: true }))[0]?.size).toBeUndefined();
    });
  });

  describe("events", () => {
    async function past(options: EventsOptions): Promise<EngineEvent[]> {
      const found: EngineEvent[] = [];
      for await (const event of at.engine.events({ until: new Date(), ...options })) found.push(event);
      return found;
    }

    it("of the past are remembered, and filtered as docker does", async () => {
      const since = new Date();
      const id = await at.startShell("sleep 60", { name: "heard", labels: { role: "test" } });
      const process = await at.engine.containers.exec(id, { command: ["sh", "-c", "exit 2"] });
      await process.exit;
      await at.engine.containers.kill(id);
      await at.engine.containers.wait(id);
      await at.engine.images.tag("busybox", "tagged:1");
      await at.engine.images.remove("tagged:1");
      const actions = async (filters: EventsOptions["filters"]) => (await past({ since, filters })).map(({ action }) => action);
      expect(await actions({ container: ["heard"] })).toEqual([
        "create",
        "start",
        "exec_create: sh -c exit 2",
        "exec_start: sh -c exit 2",
        "exec_die",
        "kill",
        "die",
      ]);
      expect(await actions({ container: [id.slice(0, 10)], event: ["exec_start", "die"] })).toEqual(["exec_start: sh -c exit 2", "die"]);
      expect(await actions({ type: ["image"], image: ["tagged:1"] })).toEqual(["tag", "untag"]);
      expect(await actions({ image: ["busybox"], event: ["start"] })).toEqual(["start"]);
      expect(await actions({ label: ["role=test"], event: ["create", "tag"] })).toEqual(["create"]);
      expect(await actions({ label: ["role=other"] })).toEqual([]);
      const [died] = await past({ since, filters: { event: ["exec_die"] } });
      expect(died).toMatchObject({ type: "container", id, attributes: { exitCode: "2", name: "heard", image: "busybox", role: "test" } });
      expect(await past({ since, until: new Date(since.getTime() - 1) })).toEqual([]);
      expect(await past({ type: "image", since })).toHaveLength(2);
    });

    it("go on after those of the past, until the moment that was asked for", async () => {
      const { id } = await at.engine.containers.create({ image: "busybox" });
      const heard = at.engine.events({
        since: new Date(Date.now() - 60_000),
        until: new Date(Date.now() + 300),
        filters: { container: [id] },
      });
      await at.engine.containers.rename(id, "renamed-meanwhile");
      const actions: string[] = [];
      for await (const { action } of heard) actions.push(action);
      expect(actions).toEqual(["create", "rename"]);
    });
  });

  describe("the disk", () => {
    it("is accounted for: layers once, images by what they share, containers by what they wrote", async () => {
      const base = await at.startShell("dd if=/dev/zero of=/file bs=1k count=64 2>/dev/null");
      await at.engine.containers.wait(base);
      const derived = await at.engine.containers.commit(base, { reference: "derived" });
      onTestFinished(async () => void (await at.engine.images.remove("derived", { force: true }).catch(() => {})));
      const busybox = await at.engine.images.inspect("busybox");
      const usage = await at.engine.diskUsage();
      const layer = derived.size - busybox.size;
      expect(layer).toBeGreaterThanOrEqual(65_536);
      expect(usage.images.find(({ id }) => id === busybox.id)).toMatchObject({ sharedBytes: busybox.size, uniqueBytes: 0, containers: 1 });
      expect(usage.images.find(({ id }) => id === derived.id)).toMatchObject({
        sharedBytes: busybox.size,
        uniqueBytes: layer,
        containers: 0,
      });
      expect(usage.layersBytes).toBe(busybox.size + layer);
      expect(usage.containers).toMatchObject([{ id: base, status: "exited", writableBytes: 65_536 }]);
      expect(usage.buildCache).toEqual({ entries: 0, reclaimableBytes: 0, steps: [] });
      await at.engine.images.remove("derived");
    });

    it("lists images with what is known of each", async () => {
      const id = await at.startShell("echo x >/file");
      await at.engine.containers.wait(id);
      await at.engine.containers.commit(id, { reference: "told:1", changes: ["LABEL stage=test"] });
      await at.engine.images.tag("told:1", "told:2");
      const { images } = at.engine;
      const [listed, ...others] = await images.list({ reference: "told" });
      expect(others).toEqual([]);
      const { references, repoDigests, created, size, labels, platform, id: imageId } = await images.inspect("told:1");
      expect(references).toEqual(expect.arrayContaining(["told:1", "told:2"]));
      expect({ ...listed, references: [...listed!.references].sort() }).toEqual({
        ...{ id: imageId, references: [...references].sort(), repoDigests, size, labels },
        created: expect.toSatisfy((time: Date) => Math.floor(Number(time) / 1000) === Math.floor(Number(created) / 1000)),
        platform: listed!.platform && platform,
      });
      expect(await images.list({ labels: { stage: "test" } })).toEqual([listed]);
      for (const name of ["told:1", "told:2"]) await images.remove(name);
    });

    it("is freed of images that nobody needs", async () => {
      const base = await at.startShell("echo x >/file");
      await at.engine.containers.wait(base);
      const unnamed = await at.engine.containers.commit(base, { changes: ["LABEL stage=test"] });
      const named = await at.engine.containers.commit(base, { reference: "unused", changes: ["CMD x"] });
      expect(await at.engine.images.prune({ filters: { label: ["stage=other"] } })).toEqual({ untagged: [], deleted: [], bytes: 0 });
      expect(await at.engine.images.prune({ filters: { until: new Date(0) } })).toMatchObject({ deleted: [] });
      expect((await at.engine.images.prune()).deleted).toContain(unnamed.id);
      const all = await at.engine.images.prune({ dangling: false });
      expect(all).toMatchObject({ untagged: ["unused:latest"], deleted: expect.arrayContaining([named.id]) });
      expect(all.bytes).toBeGreaterThan(0);
      expect((await at.engine.images.list()).map(({ references }) => references)).toEqual([["busybox:latest"]]);
    });
  });
});
