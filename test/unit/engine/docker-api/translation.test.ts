/** What goes over the wire, as data. */
import { expect, it } from "vitest";
import { createBody, resourcesBody } from "../../../../src/engine/docker-api/container-create.js";
import {
  exitOf,
  healthcheckOf,
  portsOf,
  resourcesOf,
  restartPolicyOf,
  statusOf,
} from "../../../../src/engine/docker-api/container-json.js";
import { eventOf } from "../../../../src/engine/docker-api/event-json.js";
import { containerFilters, namePart } from "../../../../src/engine/docker-api/filters-json.js";
import { statsOf } from "../../../../src/engine/docker-api/stats-json.js";
import type { ResourceLimits } from "../../../../src/engine/engine.js";

/** As it is sent. */
const sent = (body: unknown): unknown => JSON.parse(JSON.stringify(body));

it("a spec becomes the body of a create request, and what nobody said is left to the daemon", () => {
  expect(sent(createBody({ image: "busybox" }, []))).toEqual({
    Image: "busybox",
    ExposedPorts: {},
    HostConfig: { PortBindings: {}, CgroupnsMode: "private" },
  });
  const body = createBody(
    {
      image: "busybox",
      command: ["a", "b"],
      env: { A: "b=c" },
      stopTimeoutMs: 1500,
      exposedPorts: ["80"],
      publish: [
        { containerPort: 53, protocol: "udp", hostPort: 5353, hostIp: "127.0.0.1" },
        { containerPort: 80, hostPort: 8000, hostPortEnd: 8010 },
      ],
      mounts: [
        { type: "tmpfs", target: "/t", sizeBytes: 10, mode: 0o700 },
        { type: "volume", source: "v", target: "/v", readonly: true },
      ],
      healthcheck: { test: ["CMD", "true"], intervalMs: 1.5 },
      restartPolicy: { name: "on-failure", maximumRetryCount: 2 },
      seccomp: "unconfined",
    },
    [["net", { aliases: ["x"], ipv4Address: "10.0.0.2" }]],
  );
  expect(sent(body)).toMatchObject({
    Cmd: ["a", "b"],
    Env: ["A=b=c"],
    StopTimeout: 2,
    ExposedPorts: { "80/tcp": {}, "53/udp": {} },
    Healthcheck: { Test: ["CMD", "true"], Interval: 1_500_000 },
    HostConfig: {
      CgroupnsMode: "private",
      NetworkMode: "net",
      PortBindings: { "53/udp": [{ HostIp: "127.0.0.1", HostPort: "5353" }], "80/tcp": [{ HostIp: "", HostPort: "8000-8010" }] },
      Tmpfs: { "/t": "size=10,mode=700" },
      Binds: [],
      Mounts: [{ Type: "volume", Source: "v", Target: "/v", ReadOnly: true }],
      RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 },
      SecurityOpt: ["seccomp=unconfined"],
    },
    NetworkingConfig: { EndpointsConfig: { net: { Aliases: ["x"], IPAMConfig: { IPv4Address: "10.0.0.2" } } } },
  });
});

it("limits come back as they were sent", () => {
  const limits: ResourceLimits = { memoryBytes: 1 << 26, memorySwapBytes: -1, cpus: 1.5, cpusetCpus: "0-1", pids: 9, blkioWeight: 10 };
  expect(resourcesOf(resourcesBody(limits) as never)).toEqual(limits);
  const rates: ResourceLimits = {
    blkioDeviceReadBps: [{ path: "/dev/sda", rate: 1 << 20 }],
    blkioDeviceWriteIops: [{ path: "/dev/sdb", rate: 5 }],
  };
  expect(resourcesBody(rates)).toMatchObject({ BlkioDeviceWriteIOps: [{ Path: "/dev/sdb", Rate: 5 }] });
  expect(resourcesOf(resourcesBody(rates) as never)).toEqual(rates);
  expect(resourcesOf({ BlkioDeviceReadBps: [], BlkioDeviceWriteBps: null })).toEqual({});
  expect(resourcesOf({ Memory: 0, CpusetCpus: "", PidsLimit: null })).toEqual({});
});

it("daemons' words for states, exits and policies are the contract's", () => {
  expect(["running", "restarting", "configured", "dead", "stopped"].map(statusOf)).toEqual([
    "running",
    "restarting",
    "created",
    "exited",
    "exited",
  ]);
  expect([exitOf(3, false), exitOf(137, true)]).toEqual([
    { exitCode: 3, signal: undefined, oomKilled: false },
    { exitCode: 137, signal: "SIGKILL", oomKilled: true },
  ]);
  expect(restartPolicyOf({ RestartPolicy: { Name: "", MaximumRetryCount: 0 } })).toEqual({ name: "no" });
  expect(healthcheckOf({ Test: ["NONE"] })).toBeUndefined();
  expect(portsOf({ "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "32768" }], "53/udp": null })).toEqual([
    { containerPort: 80, protocol: "tcp", hostIp: "0.0.0.0", hostPort: 32768 },
  ]);
});

it("events are Docker's, also where they are Podman's", () => {
  const podman = { Type: "container", Action: "died", Actor: { ID: "i", Attributes: { name: "n" } }, timeNano: 1_700_000_000_500_000_000 };
  expect(eventOf(podman)).toEqual({
    type: "container",
    action: "die",
    id: "i",
    time: new Date(1_700_000_000_500),
    attributes: { name: "n" },
  });
  expect(eventOf({ Type: "container", Action: "rename", Actor: { ID: "i", Attributes: { oldName: "/old" } } })?.attributes).toEqual({
    oldName: "old",
  });
  expect(eventOf({ Type: "daemon", Action: "reload" })).toBeUndefined();
});

it("filters are sent as JSON, parts of names as regular expressions that match them alone", () => {
  expect(namePart("/a.b*")).toBe("a\\.b\\*");
  expect(JSON.parse(containerFilters({ labels: { a: "b" }, filters: { exited: [3], before: "x" } })!)).toEqual({
    label: ["a=b"],
    exited: ["3"],
    before: ["x"],
  });
  expect(containerFilters({})).toBeUndefined();
  expect(() => containerFilters({ filters: { publish: ["http"] } })).toThrow("filters.publish");
});

it("statistics leave the droppable cache out, and count processors against the host's time", () => {
  const json = (total: number, system: number) => ({
    read: "2026-01-01T00:00:00Z",
    cpu_stats: { cpu_usage: { total_usage: total }, system_cpu_usage: system, online_cpus: 2 },
    memory_stats: { usage: 100, limit: 1000, stats: { total_inactive_file: 40 } },
    pids_stats: { current: 3, limit: 18446744073709552000 },
  });
  const first = statsOf(json(1e9, 10e9), undefined);
  expect(first).toMatchObject({
    memory: { usageBytes: 60, cacheBytes: 40 },
    pids: { current: 3, limit: undefined },
    cpuPercent: undefined,
  });
  expect(statsOf(json(2e9, 14e9), first).cpuPercent).toBe(50);
});
