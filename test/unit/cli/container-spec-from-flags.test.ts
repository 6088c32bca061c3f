import { expect, it } from "vitest";
import { defineCommand } from "../../../src/cli/command.js";
import { CONTAINER_OPTIONS } from "../../../src/cli/container-flags.js";
import { type ContainerFlags, containerSpec } from "../../../src/cli/container-spec-from-flags.js";
import { parseArguments } from "../../../src/cli/parse-arguments.js";
import type { ContainerSpec } from "../../../src/engine/engine.js";

const command = defineCommand({
  name: "run",
  summary: "",
  operands: "IMAGE",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  stopsAtOperand: true,
  options: CONTAINER_OPTIONS,
  run: () => Promise.resolve(0),
});

function specOf(line: string, environment: NodeJS.ProcessEnv = {}): Partial<ContainerSpec> {
  const { values, operands } = parseArguments(command, line.split(" "));
  const [image = "", ...words] = operands;
  return containerSpec(values as ContainerFlags, { image, command: words, environment });
}

it("leaves what follows the image to the container", () => {
  expect(specOf("-e A=1 busybox sh -e -c ls --env B=2")).toMatchObject({
    image: "busybox",
    command: ["sh", "-e", "-c", "ls", "--env", "B=2"],
    env: { A: "1" },
  });
  expect(specOf("-- busybox -x")).toMatchObject({ image: "busybox", command: ["-x"] });
});

it.each([
  ["80", { containerPort: 80, protocol: "tcp" }],
  ["8080:80/udp", { containerPort: 80, protocol: "udp", hostPort: 8080 }],
  ["127.0.0.1:8080:80", { containerPort: 80, protocol: "tcp", hostPort: 8080, hostIp: "127.0.0.1" }],
  ["[::1]::80", { containerPort: 80, protocol: "tcp", hostIp: "::1" }],
])("--publish %s", (text, binding) => {
  expect(specOf(`-p ${text} i`).publish).toEqual([binding]);
});

it.each([
  ["-v /a:/b:ro i", { type: "bind", source: "/a", target: "/b", readonly: true }],
  ["--mount type=bind,src=/a,dst=/b,readonly i", { type: "bind", source: "/a", target: "/b", readonly: true }],
  ["--mount type=tmpfs,target=/b,tmpfs-size=1m,tmpfs-mode=1777 i", { type: "tmpfs", target: "/b", sizeBytes: 1 << 20, mode: 0o1777 }],
  ["--tmpfs /t:rw,size=64m i", { type: "tmpfs", target: "/t", options: ["rw", "size=64m"] }],
])("mounts: %s", (line, mount) => {
  expect(specOf(line).mounts).toEqual([mount]);
});

it("takes variables without a value from the shell, and leaves out those that it doesn't have", () => {
  expect(specOf("-e A -e B -e C= i", { A: "from the shell" }).env).toEqual({ A: "from the shell", C: "" });
});

it("reads limits, times and devices in docker's units", () => {
  const spec = specOf(
    "-m 512m --memory-swap -1 --cpus 1.5 --pids-limit 10 --shm-size 1g --stop-timeout 3 --ulimit nofile=10:20 --ulimit nproc=5 --device /dev/a:r --device /dev/a:/dev/b:rw --health-cmd true --health-interval 1m30s i",
  );
  expect(spec).toMatchObject({
    resources: { memoryBytes: 512 << 20, memorySwapBytes: -1, cpus: 1.5, pids: 10 },
    shmSizeBytes: 2 ** 30,
    stopTimeoutMs: 3000,
    ulimits: [
      { name: "nofile", soft: 10, hard: 20 },
      { name: "nproc", soft: 5, hard: 5 },
    ],
    devices: [
      { hostPath: "/dev/a", permissions: "r" },
      { hostPath: "/dev/a", containerPath: "/dev/b", permissions: "rw" },
    ],
    healthcheck: { test: ["CMD-SHELL", "true"], intervalMs: 90_000 },
  });
});

it("knows the rest of docker's flags", () => {
  expect(
    specOf(
      "--ipc shareable --pid container:x --uts host --memory-reservation 1m --cpu-quota 5000 --cpu-period 10000 --cpuset-cpus 0-1 --cpuset-mems 0 --blkio-weight 300 --restart on-failure:3 i",
    ),
  ).toMatchObject({
    ipcMode: "shareable",
    pidMode: "container:x",
    utsMode: "host",
    resources: {
      memoryReservationBytes: 1 << 20,
      cpuQuotaUs: 5000,
      cpuPeriodUs: 10_000,
      cpusetCpus: "0-1",
      cpusetMems: "0",
      blkioWeight: 300,
    },
    restartPolicy: { name: "on-failure", maximumRetryCount: 3 },
  });
  expect(specOf("--restart always i").restartPolicy).toEqual({ name: "always" });
});

it.each([
  ["--restart on-failure:x i", /--restart takes a number/],
  ["--publish 80-90 i", /--publish takes/],
  ["-v data:/b i", /named volumes/],
  ["-v /a:/b:bogus i", /"bogus" is no option; allowed/],
  ["--mount type=volume,target=/b i", /type volume/],
  ["-m lots i", /--memory takes a size/],
  ["--cpus many i", /--cpus takes a number/],
  ["--health-cmd true --health-interval 5 i", /takes a duration/],
  ["--ulimit nofile i", /--ulimit takes/],
  ["--env-file /nowhere/at/all i", /can't be read/],
  ["--bogus i", /--bogus/],
  ["--name", /--name/],
])("refuses %s", (line, message) => {
  expect(() => specOf(line)).toThrow(message);
});
