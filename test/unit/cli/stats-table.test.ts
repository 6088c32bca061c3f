import { expect, it } from "vitest";
import { formatMemory } from "../../../src/cli/quantities.js";
import { STATS_HEADINGS, statsColumns, statsRow } from "../../../src/cli/stats-table.js";
import type { ContainerStats } from "../../../src/engine/engine.js";

const network = { rxBytes: 600, txBytes: 28, rxPackets: 0, rxErrors: 0, rxDropped: 0, txPackets: 0, txErrors: 0, txDropped: 0 };
const cpu = {
  totalMs: 0,
  userMs: 0,
  kernelMs: 0,
  hostMs: 0,
  onlineCpus: 2,
  throttling: { periods: 0, throttledPeriods: 0, throttledMs: 0 },
};
const STATS: ContainerStats = {
  time: new Date(0),
  accounting: "cgroup",
  memory: { usageBytes: 1.5 * 2 ** 20, cacheBytes: 0, limitBytes: 3 * 2 ** 20, details: {} },
  cpu,
  previousCpu: undefined,
  cpuPercent: 12.345,
  blockIo: { readBytes: 4096, writeBytes: 12_300_000, devices: [] },
  pids: { current: 7, limit: undefined },
  networks: { eth0: network, eth1: network },
};

it("docker's columns are filled from a sample, and with dashes without one", () => {
  expect(statsRow(statsColumns({ container: "given", id: "0123", name: "web", stats: STATS }))).toEqual([
    ...["0123", "web", "12.35%", "1.5MiB / 3MiB", "50.00%"],
    ...["1.2kB / 56B", "4.1kB / 12.3MB", "7"],
  ]);
  expect(statsRow(statsColumns({ container: "given", id: "0123", name: "web", stats: undefined }))).toEqual([
    "0123",
    "web",
    "--",
    "-- / --",
    "--",
    "--",
    "--",
    "--",
  ]);
});

it("memory has four digits, in powers of 1024", () => {
  expect([0, 1023, 1024, 1_288_490, 2 ** 33, 2 ** 45].map(formatMemory)).toEqual(["0B", "1023B", "1KiB", "1.229MiB", "8GiB", "32TiB"]);
});

it("a template has the container as it was asked for, and the table has not", () => {
  const columns = statsColumns({ container: "given", id: "0123", name: "web", stats: undefined });
  expect(columns).toMatchObject({ Container: "given", ID: "0123" });
  expect(statsRow(STATS_HEADINGS).slice(0, 2)).toEqual(["CONTAINER ID", "NAME"]);
});
