import { expect, it } from "vitest";
import { defineCommand } from "../../../src/cli/command.js";
import { CONTAINER_OPTIONS } from "../../../src/cli/container-flags.js";
import { type ContainerFlags, containerSpec } from "../../../src/cli/container-spec-from-flags.js";
import { parseArguments } from "../../../src/cli/parse-arguments.js";
import { REFUSED_CONTAINER_FLAGS } from "../../../src/cli/refused-flags.js";
import { UsageError } from "../../../src/cli/usage.js";
import type { ContainerSpec } from "../../../src/engine/engine.js";

const command = defineCommand({
  name: "run",
  summary: "",
  operands: "IMAGE",
  least: 1,
  most: Number.POSITIVE_INFINITY,
  stopsAtOperand: true,
  options: CONTAINER_OPTIONS,
  refuses: REFUSED_CONTAINER_FLAGS,
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

it("takes ranges of ports apart", () => {
  expect(specOf("-p 8000-8001:80-81/udp i").publish).toEqual([
    { containerPort: 80, protocol: "udp", hostPort: 8000 },
    { containerPort: 81, protocol: "udp", hostPort: 8001 },
  ]);
  expect(specOf("-p 80-81 i").publish?.map(({ containerPort }) => containerPort)).toEqual([80, 81]);
  expect(specOf("--expose 80-81/udp --expose 90 i").exposedPorts).toEqual(["80/udp", "81/udp", "90"]);
  expect(specOf("-p 127.0.0.1:8000-8010:80 i").publish).toEqual([
    { containerPort: 80, protocol: "tcp", hostPort: 8000, hostPortEnd: 8010, hostIp: "127.0.0.1" },
  ]);
  for (const line of ["-p 8000-8002:80-81 i", "-p 82-80 i", "-p 1-70000 i", "--expose x i"]) expect(() => specOf(line)).toThrow(UsageError);
});

it.each([
  ["--network none i", { networkMode: "none" }],
  ["--network bridge i", { networkMode: "default" }],
  ["--network a --network-alias x --ip 10.0.0.2 i", { networks: { a: { aliases: ["x"], ipv4Address: "10.0.0.2" } } }],
  ["--network a --network b i", { networks: { a: {}, b: {} } }],
  [
    "--network name=a,alias=x,alias=y,ip6=fd00::2 --network name=b,mac-address=02:42:0a:00:00:02 --network-alias z i",
    { networks: { a: { aliases: ["z", "x", "y"], ipv6Address: "fd00::2" }, b: { macAddress: "02:42:0a:00:00:02" } } },
  ],
])("%s", (line, expected) => {
  const { networkMode, networks } = specOf(line);
  expect({ ...(networkMode ? { networkMode } : {}), ...(networks ? { networks } : {}) }).toEqual(expected);
});

it.each([
  ["--ip 10.0.0.2 i", "need a network with a name"],
  ["--network host --network a i", "--network host can't be together with another network"],
  ["--network name=a,size=3 i", "size is none of name, alias, ip, ip6, mac-address"],
  ["--network alias=x i", "one name is needed"],
  ["--log-driver syslog i", "--log-driver takes json-file or local"],
  ["--log-opt max-file=3 i", "--log-opt knows max-size"],
  ["--no-healthcheck --health-cmd true i", "can't be together"],
  ["--gpus all i", "--gpus is not served: name the devices with --device"],
  ["--init=perhaps i", "--init takes true or false"],
])("%s is refused", (line, message) => {
  expect(() => specOf(line)).toThrow(message);
});

it("takes words for what is on or off, as docker does", () => {
  expect(specOf("--init=true --read-only=false --privileged i")).toMatchObject({ init: true, readonlyRootfs: false, privileged: true });
});

it("takes labels, notes, log size and resolver", () => {
  expect(specOf("--annotation a=b --log-opt max-size=1m --dns-search x --dns-option ndots:2 i")).toMatchObject({
    annotations: { a: "b" },
    logMaxBytes: 1 << 20,
    dnsSearch: ["x"],
    dnsOptions: ["ndots:2"],
  });
});

it.each([
  ["-v /b i", { type: "volume", target: "/b" }],
  ["-v name:/b i", { type: "volume", source: "name", target: "/b", readonly: false }],
  ["-v name:/b:ro,nocopy i", { type: "volume", source: "name", target: "/b", readonly: true, noCopy: true }],
  ["-v /a:/b:ro,z i", { type: "bind", source: "/a", target: "/b", readonly: true, createSource: true }],
  [
    "-v ./a:/b:rslave i",
    { type: "bind", source: `${process.cwd()}/a`, target: "/b", readonly: false, createSource: true, propagation: "rslave" },
  ],
  ["--mount type=bind,src=/a,dst=/b,readonly i", { type: "bind", source: "/a", target: "/b", readonly: true }],
  [
    "--mount type=bind,source=/a,destination=/b,ro=false,bind-propagation=shared,bind-recursive=disabled,bind-create-src i",
    { type: "bind", source: "/a", target: "/b", readonly: false, propagation: "shared", recursive: false, createSource: true },
  ],
  ["--mount dst=/b i", { type: "volume", target: "/b", readonly: false }],
  [
    "--mount source=name,target=/b,volume-nocopy,volume-subpath=c/d,volume-label=x=1,volume-label=y i",
    { type: "volume", source: "name", target: "/b", readonly: false, noCopy: true, subpath: "c/d", labels: { x: "1", y: "" } },
  ],
  ['--mount type=bind,"source=/a,b",target=/b i', { type: "bind", source: "/a,b", target: "/b", readonly: false }],
  ["--mount type=tmpfs,target=/b,tmpfs-size=1m,tmpfs-mode=1777 i", { type: "tmpfs", target: "/b", sizeBytes: 1 << 20, mode: 0o1777 }],
  ["--mount type=image,source=base:1,target=/b,image-subpath=c i", { type: "image", source: "base:1", target: "/b", subpath: "c" }],
  ["--tmpfs /t:rw,size=64m i", { type: "tmpfs", target: "/t", options: ["rw", "size=64m"] }],
])("mounts: %s", (line, mount) => {
  expect(specOf(line).mounts).toEqual([mount]);
});

it("takes the volumes of other containers", () => {
  expect(specOf("--volumes-from a --volumes-from b:ro i").volumesFrom).toEqual(["a", "b:ro"]);
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
  expect(specOf("--device-read-bps /dev/sda:1m --device-read-bps /dev/sdb:5k --device-write-iops /dev/sda:100 i").resources).toMatchObject({
    blkioDeviceReadBps: [
      { path: "/dev/sda", rate: 1 << 20 },
      { path: "/dev/sdb", rate: 5 << 10 },
    ],
    blkioDeviceWriteBps: undefined,
    blkioDeviceWriteIops: [{ path: "/dev/sda", rate: 100 }],
  });
  expect(specOf("--restart always i").restartPolicy).toEqual({ name: "always" });
});

it.each([
  ["--device-read-bps /dev/sda i", /--device-read-bps takes DEVICE:RATE/],
  ["--device-read-bps /dev/sda:fast i", /--device-read-bps takes/],
  ["--device-write-iops /dev/sda:1m i", /--device-write-iops takes a number/],
  ["--restart on-failure:x i", /--restart takes a number/],
  ["-v /a:/b:bogus i", /"bogus" is no option/],
  ["-v /a:/b:ro:more i", /SOURCE|NAME or PATH/],
  ["-v :/b i", /NAME or PATH/],
  ["-v /b:ro i", /options need a source/],
  ["-v a/b:/c i", /without a slash/],
  ["-v /a:/b:nocopy i", /nothing is copied/],
  ["-v name:/b:shared i", /for paths of the host/],
  ["--mount type=npipe,target=/b i", /"npipe" is none of/],
  ["--mount type=volume i", /a target is missing/],
  ["--mount type=bind,target=/b i", /a source is missing/],
  ["--mount type=bind,source=/a,target=/b,volume-nocopy i", /no "volume-nocopy"; allowed/],
  ["--mount source=a,src=b,target=/b i", /source is there twice/],
  ["--mount source=a,target=/b,ro=perhaps i", /readonly is true or false/],
  ["--mount type=tmpfs,target=/b,tmpfs-mode=rwx i", /octal/],
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
