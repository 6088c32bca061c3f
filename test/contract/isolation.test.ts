/** What every engine owes about namespaces that are shared or not, limits, devices and what a process of a container starts with. */

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { ContainerSpec, EnforcedLimits, ResourceLimits } from "../../src/engine/engine.js";
import { blockRatesOf, type CgroupFile, cgroupFile, DISK } from "../fixtures/cgroup-files.js";
import { ifMayOpen } from "../fixtures/rootless.js";
import { ENGINES } from "./engines.js";
import { useEngine } from "./workbench.js";

describe.each(ENGINES)("the $name engine:", (candidate) => {
  const at = useEngine(candidate);

  async function run(id: string, script: string): Promise<string> {
    const process = await at.engine.containers.exec(id, { command: ["sh", "-c", script] });
    const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr)]);
    return stdout + stderr;
  }

  const namespaceOf = (id: string, kind: string): Promise<string> => run(id, `readlink /proc/self/ns/${kind}`);
  const own = (kind: string): string => `${readlinkSync(`/proc/self/ns/${kind}`)}\n`;

  describe("namespaces", () => {
    it("are its own unless it asks for the host's", async () => {
      const apart = await at.startShell("sleep 60");
      for (const kind of ["ipc", "pid", "uts", "net", "mnt", "cgroup"]) expect(await namespaceOf(apart, kind)).not.toBe(own(kind));
      const shared = await at.startShell("sleep 60", { ipcMode: "host", pidMode: "host", utsMode: "host" });
      for (const kind of ["ipc", "pid", "uts"]) expect(await namespaceOf(shared, kind)).toBe(own(kind));
      expect(await run(shared, "hostname; cat /etc/hostname; cat /proc/1/comm; grep shm /proc/mounts")).toMatch(
        new RegExp(`^${hostname()}\\n${hostname()}\\n${readFileSync("/proc/1/comm", "utf8").trim()}\\n`),
      );
    });

    it("of processes can be another container's", async () => {
      const first = await at.startShell("sleep 77");
      const second = await at.startShell("sleep 88", { pidMode: `container:${first}` });
      expect(await namespaceOf(second, "pid")).toBe(await namespaceOf(first, "pid"));
      expect(await run(second, "ps -o pid,args")).toMatch(/^ *1 .*sleep 77$[\s\S]*sleep 88$/m);
      expect(await run(first, "ps -o args")).toContain("sleep 88");
      await at.engine.containers.kill(second);
      expect(await at.engine.containers.wait(second)).toMatchObject({ signal: "SIGKILL" });
      expect((await at.engine.containers.inspect(first)).state.running).toBe(true);
      await at.engine.containers.start(second);
      await at.engine.containers.kill(first);
      expect(await at.engine.containers.wait(second)).toMatchObject({ signal: "SIGKILL" });
    });

    it("of IPC can be another's that shares, with its memory and its queues", async () => {
      const donor = await at.startShell("echo from donor >/dev/shm/file; echo ready; sleep 60", { ipcMode: "shareable" });
      for await (const _ of at.engine.containers.logs(donor, { follow: true })) break;
      const guest = await at.startShell("sleep 60", { ipcMode: `container:${donor}` });
      expect(await namespaceOf(guest, "ipc")).toBe(await namespaceOf(donor, "ipc"));
      expect(await run(guest, "cat /dev/shm/file; echo from guest >>/dev/shm/file")).toBe("from donor\n");
      expect(await run(donor, "cat /dev/shm/file")).toBe("from donor\nfrom guest\n");
      const alone = await at.startShell("sleep 60", { ipcMode: "private" });
      await expect(at.start({ ipcMode: `container:${alone}` })).rejects.toMatchObject({
        code: "OPTION_INVALID",
        facts: { option: "ipcMode" },
      });
      expect(await run(await at.startShell("sleep 60", { ipcMode: "none" }), "ls /dev/shm")).toContain("No such file");
    });

    it("of a container that is not there, or does not run, are refused", async () => {
      await expect(at.start({ pidMode: "container:nonesuch" })).rejects.toMatchObject({ code: "CONTAINER_NOT_FOUND" });
      const { id } = await at.engine.containers.create({ image: "busybox" });
      await expect(at.start({ pidMode: `container:${id}` })).rejects.toMatchObject({
        code: "CONTAINER_NOT_RUNNING",
        facts: { containerId: id },
      });
    });

    it.each([
      [{ ipcMode: "container:" }, "ipcMode"],
      [{ pidMode: "shareable" }, "pidMode"],
      [{ utsMode: "container:x" }, "utsMode"],
      [{ utsMode: "host", hostname: "box" }, "utsMode"],
      [{ ipcMode: "host", sysctls: { "kernel.shmmax": "1" } }, "sysctls"],
    ])("%j is refused", async (spec, option) => {
      await expect(at.start(spec as Omit<ContainerSpec, "image">)).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option } });
    });
  });

  describe("a process", () => {
    it("is in the groups that it was given, by name and number", async () => {
      expect((await at.shell("id -G", { user: "app", groupAdd: ["tty", "4242"] })).stdout).toBe("1000 5 2000 4242\n");
      await expect(at.start({ groupAdd: ["nonesuch"] })).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option: "groupAdd" } });
    });

    it("has the host name, domain name and kernel parameters that it was given", async () => {
      const { stdout } = await at.shell("cat /proc/sys/kernel/domainname /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_forward", {
        domainname: "example.test",
        sysctls: { "kernel.shmmni": "123", "net.ipv4.ip_forward": "1" },
      });
      expect(stdout).toBe("example.test\n123\n1\n");
    });

    it("has the limits that it was given, in further processes, too", async () => {
      const id = await at.startShell("sleep 60", {
        ulimits: [
          { name: "nofile", soft: 100, hard: 200 },
          { name: "core", soft: 0, hard: 0 },
        ],
      });
      expect(await run(id, "ulimit -Sn; ulimit -Hn; ulimit -c")).toBe("100\n200\n0\n");
      await expect(at.start({ ulimits: [{ name: "nofiles", soft: 1, hard: 1 }] })).rejects.toMatchObject({ facts: { option: "ulimits" } });
    });

    it("has an init above it that reaps orphans and passes signals on", async () => {
      const script = "trap 'echo got it; exit 3' USR1; (sleep 0.01 &); echo ready; while :; do sleep 0.02; done";
      const id = await at.startShell(script, { init: true });
      for await (const _ of at.engine.containers.logs(id, { follow: true })) break;
      const init = () => run(id, "cat /proc/1/comm; grep -l 'PPid:.*\\b1$' $(grep -l 'State:.*Z' /proc/[0-9]*/status) /dev/null");
      // The orphan ends at some time.
      await expect.poll(init, { timeout: 10_000, interval: 60 }).toMatch(/^(caisson-init|docker-init|catatonit|podman-init|tini)\n$/);
      await at.engine.containers.kill(id, "SIGUSR1");
      expect(await at.engine.containers.wait(id)).toMatchObject({ exitCode: 3 });
    });

    it("finds its root read-only, where that was asked for, and what is mounted writable", async () => {
      const spec = { readonlyRootfs: true, mounts: [{ type: "tmpfs", target: "/tmp" }] } as const;
      expect((await at.shell("touch /etc/x 2>&1; touch /tmp/x /dev/shm/x && echo ok", spec)).stdout).toBe(
        "touch: /etc/x: Read-only file system\nok\n",
      );
    });
  });

  describe("devices", () => {
    it("are there and may be used as was said", async () => {
      const script = "dd if=/dev/other bs=1 count=1 2>/dev/null | wc -c; dd if=/dev/null of=/dev/other bs=1 count=1 2>&1 || echo refused";
      const devices = [{ hostPath: "/dev/kmsg", containerPath: "/dev/other", permissions: "r" }];
      const { stdout } = await at.shell(`${script}; ls -l /dev/other | cut -c1`, { devices });
      expect(stdout).toMatch(/^\d+\n[\s\S]*(Operation not permitted|Permission denied)[\s\S]*refused\nc\n$/);
      expect(
        (await at.shell("test -c /dev/fuse && (exec 3<>/dev/fuse) && echo opened", { devices: [{ hostPath: "/dev/fuse" }] })).stdout,
      ).toBe(ifMayOpen("/dev/fuse", "opened\n"));
    });

    it("of a directory are all there", async () => {
      const { stdout } = await at.shell("ls /dev/network", { devices: [{ hostPath: "/dev/net", containerPath: "/dev/network" }] });
      expect(stdout).toBe("tun\n");
    });

    it("are all of the host's for a privileged container", async () => {
      const { stdout } = await at.shell("ls -l /dev/fuse /dev/net/tun | cut -c1; (exec 3<>/dev/fuse) && echo opened", { privileged: true });
      expect(stdout).toBe(`c\nc\n${ifMayOpen("/dev/fuse", "opened\n")}`);
    });

    it.each([
      [{ hostPath: "/nonesuch" }, "devices.hostPath"],
      [{ hostPath: "/etc/passwd" }, "devices.hostPath"],
      [{ hostPath: "/dev/fuse", permissions: "x" }, "devices.permissions"],
      [{ hostPath: "/dev/fuse", containerPath: "relative" }, "devices.containerPath"],
    ])("%j is refused", async (device, option) => {
      await expect(at.start({ devices: [device] })).rejects.toMatchObject({ code: "OPTION_INVALID", facts: { option } });
    });
  });

  describe("limits", () => {
    it("on processes are kept", async (context) => {
      if (!at.engine.supports.limits.pids) context.skip("this host limits no processes");
      const { stdout } = await at.shell("for i in 1 2 3 4 5 6 7 8; do sleep 5 & done 2>&1; echo done", { resources: { pids: 5 } });
      expect(stdout).toContain("can't fork");
    });

    it("on processors are kept, by number and by share of time", async (context) => {
      if (!at.engine.supports.limits.cpuset || !at.engine.supports.limits.cpu) context.skip("this host limits no processors");
      expect((await at.shell("grep Cpus_allowed_list /proc/self/status", { resources: { cpusetCpus: "0", cpusetMems: "0" } })).stdout).toBe(
        "Cpus_allowed_list:\t0\n",
      );
      const id = await at.startShell("while :; do :; done", { resources: { cpuQuotaUs: 5000, cpuPeriodUs: 50_000, cpuShares: 512 } });
      for await (const { cpu } of at.engine.containers.stats(id, { intervalMs: 100 })) if (cpu.throttling.throttledPeriods > 2) break;
      const exec = await at.engine.containers.exec(id, { command: ["true"] });
      expect(await exec.exit).toMatchObject({ exitCode: 0 });
    });

    it.each<[keyof EnforcedLimits, ResourceLimits, CgroupFile, v1: string, v2: string]>([
      ["memory", { memoryBytes: 64 << 20 }, { v1: "memory/memory.limit_in_bytes", v2: "memory.max" }, "67108864", "67108864"],
      [
        "swap",
        { memoryBytes: 64 << 20, memorySwapBytes: 96 << 20 },
        { v1: "memory/memory.memsw.limit_in_bytes", v2: "memory.swap.max" },
        "100663296",
        "33554432",
      ],
      ["cpu", { cpuQuotaUs: 20_000, cpuPeriodUs: 50_000 }, { v1: "cpu/cpu.cfs_quota_us", v2: "cpu.max" }, "20000", "20000 50000"],
      ["cpu", { cpuShares: 512 }, { v1: "cpu/cpu.shares", v2: "cpu.weight" }, "512", "20"],
      ["pids", { pids: 50 }, { v1: "pids/pids.max", v2: "pids.max" }, "50", "50"],
    ])("on %s, %j, are what the kernel has", async (kind, resources, file, v1, v2) => {
      if (!at.engine.supports.limits[kind])
        return expect(at.start({ command: ["true"], resources })).rejects.toMatchObject({ code: "UNSUPPORTED" });
      const id = await at.start({ command: ["sleep", "60"], resources });
      const { state } = await at.engine.containers.inspect(id);
      expect(cgroupFile(state.pid, file)).toBe((await at.engine.info()).cgroupVersion === "2" ? v2 : v1);
    });

    it("can be changed while it runs, and are what they were when that fails", async (context) => {
      const { limits } = at.engine.supports;
      if (!limits.memory || !limits.pids || !limits.cpuset) context.skip("this host lacks controllers");
      const id = await at.startShell("sleep 60");
      await at.engine.containers.update(id, { resources: { memoryBytes: 64 << 20, pids: 20, cpusetCpus: "0" } });
      expect(await run(id, "grep Cpus_allowed_list /proc/self/status")).toBe("Cpus_allowed_list:\t0\n");
      const [stats] = await sampleOf(id);
      expect(stats).toMatchObject({ accounting: "cgroup", memory: { limitBytes: 64 << 20 }, pids: { limit: 20 } });
      await at.engine.containers.update(id, { resources: { memoryBytes: 256 << 20 }, restartPolicy: { name: "on-failure" } });
      expect((await at.engine.containers.inspect(id)).config).toMatchObject({
        resources: { memoryBytes: 256 << 20, pids: 20, cpusetCpus: "0" },
        restartPolicy: { name: "on-failure" },
      });
      await at.engine.containers.update(id, { resources: { memoryBytes: 32 << 20, memorySwapBytes: 48 << 20 } });
      expect((await sampleOf(id))[0]?.memory.limitBytes).toBe(32 << 20);
      await run(id, "head -c 20000000 /dev/zero >/dev/shm/file");
      await expect(
        at.engine.containers.update(id, { resources: { memoryBytes: 8 << 20, memorySwapBytes: 8 << 20, pids: 10 } }),
      ).rejects.toMatchObject({
        code: "UPDATE_FAILED",
        facts: { containerId: id },
      });
      expect((await sampleOf(id))[0]).toMatchObject({ memory: { limitBytes: 32 << 20 }, pids: { limit: 20 } });
      const exec = await at.engine.containers.exec(id, { command: ["tail", "/dev/zero"] });
      expect(await exec.exit).toMatchObject({ exitCode: 137 });
    });

    it("of processes can be taken away again", async (context) => {
      if (!at.engine.supports.limits.pids) context.skip("this host limits no processes");
      const id = await at.start({ command: ["sleep", "60"], resources: { pids: 7 } });
      await at.engine.containers.update(id, { resources: { pids: -1 } });
      expect((await sampleOf(id))[0]?.pids.limit).toBeUndefined();
      expect((await at.engine.containers.inspect(id)).config.resources.pids).toBeUndefined();
      await at.engine.containers.restart(id, { timeoutMs: 0 });
      expect((await sampleOf(id))[0]?.pids.limit).toBeUndefined();
    });

    it("on a disk's block I/O are in its cgroup, and no update changes them", async (context) => {
      if (!at.engine.supports.limits.blkioRates) context.skip("this host limits no block I/O");
      if (DISK === undefined) return context.skip("this host has no disk");
      const resources: ResourceLimits = {
        blkioDeviceReadBps: [{ path: DISK, rate: 1 << 20 }],
        blkioDeviceWriteBps: [{ path: DISK, rate: 2 << 20 }],
        blkioDeviceReadIops: [{ path: DISK, rate: 30 }],
        blkioDeviceWriteIops: [{ path: DISK, rate: 40 }],
      };
      const id = await at.start({ command: ["sleep", "60"], resources });
      const { config, state } = await at.engine.containers.inspect(id);
      expect(config.resources).toMatchObject(resources);
      expect(blockRatesOf(state.pid, DISK)).toEqual({ rbps: 1 << 20, wbps: 2 << 20, riops: 30, wiops: 40 });
      await expect(at.engine.containers.update(id, { resources: { blkioDeviceReadBps: [{ path: DISK, rate: 5 }] } })).rejects.toMatchObject(
        { code: "OPTION_INVALID", facts: { option: "resources.blkioDeviceReadBps" } },
      );
    });

    it("on a disk's block I/O stay when others change", async (context) => {
      const { blkioRates, pids } = at.engine.supports.limits;
      if (!blkioRates || !pids || DISK === undefined) return context.skip("this host limits no block I/O");
      const resources = { blkioDeviceReadBps: [{ path: DISK, rate: 1 << 20 }] };
      const id = await at.start({ command: ["sleep", "60"], resources });
      await at.engine.containers.update(id, { resources: { pids: 20 } });
      const { config, state } = await at.engine.containers.inspect(id);
      expect(config.resources).toMatchObject({ ...resources, pids: 20 });
      expect(blockRatesOf(state.pid, DISK)).toEqual({ rbps: 1 << 20 });
    });

    it("of a container that doesn't run are those of its next start", async (context) => {
      if (!at.engine.supports.limits.pids) context.skip("this host limits no processes");
      const { id } = await at.engine.containers.create({ image: "busybox", command: ["sleep", "60"] });
      await at.engine.containers.update(id, { resources: { pids: 7 } });
      await at.engine.containers.start(id);
      expect((await sampleOf(id))[0]?.pids.limit).toBe(7);
    });

    it.each<[ResourceLimits, string]>([
      [{ memoryBytes: 1 << 20 }, "memoryBytes"],
      [{ memorySwapBytes: 64 << 20 }, "memorySwapBytes"],
      [{ memoryBytes: 64 << 20, memorySwapBytes: 32 << 20 }, "memorySwapBytes"],
      [{ memoryBytes: 64 << 20, memoryReservationBytes: 128 << 20 }, "memoryReservationBytes"],
      [{ cpus: 1, cpuQuotaUs: 10_000 }, "cpus"],
      [{ cpuPeriodUs: 10 }, "cpuPeriodUs"],
      [{ cpuShares: 1 }, "cpuShares"],
      [{ cpusetCpus: "one" }, "cpusetCpus"],
      [{ cpusetCpus: "0-9999" }, "cpusetCpus"],
      [{ blkioWeight: 5 }, "blkioWeight"],
      [{ blkioDeviceReadBps: [{ path: "/dev/sda", rate: 0 }] }, "blkioDeviceReadBps"],
      [{ pids: 0 }, "pids"],
      [{ memory: 1 } as ResourceLimits, "memory"],
    ])("%j is refused, also in an update", async (resources, name) => {
      // Which there are, is not known where there is no controller for them.
      const unknown = name === "cpusetCpus" && resources.cpusetCpus === "0-9999" && !at.engine.supports.limits.cpuset;
      const refusal = unknown
        ? { code: "UNSUPPORTED", facts: { feature: `resources.${name}` } }
        : { code: "OPTION_INVALID", facts: { option: `resources.${name}` } };
      await expect(at.engine.containers.create({ image: "busybox", resources })).rejects.toMatchObject(refusal);
      const { id } = await at.engine.containers.create({ image: "busybox" });
      const before = (await at.engine.containers.inspect(id)).config.resources;
      await expect(at.engine.containers.update(id, { resources })).rejects.toMatchObject(refusal);
      expect((await at.engine.containers.inspect(id)).config.resources).toEqual(before);
    });

    it("that this host can't enforce are refused", async () => {
      const { limits } = at.engine.supports;
      const wanted = { memory: "memoryBytes", cpu: "cpuShares", cpuset: "cpusetCpus", pids: "pids", blkioWeight: "blkioWeight" } as const;
      const value = { memoryBytes: 64 << 20, cpuShares: 10, cpusetCpus: "0", pids: 10, blkioWeight: 100 };
      for (const [kind, option] of Object.entries(wanted) as [keyof typeof wanted, keyof typeof value][]) {
        const made = at.engine.containers.create({
          image: "busybox",
          command: ["sleep", "60"],
          resources: { [option]: value[option] },
        });
        if (limits[kind]) await at.engine.containers.start((await made).id);
        else await expect(made).rejects.toMatchObject({ code: "UNSUPPORTED", facts: { feature: `resources.${option}` } });
      }
    });

    async function sampleOf(id: string) {
      const samples = [];
      for await (const sample of at.engine.containers.stats(id, { oneShot: true })) samples.push(sample);
      return samples;
    }
  });
});
