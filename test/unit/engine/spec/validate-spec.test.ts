import { expect, it } from "vitest";
import type { ContainerSpec } from "../../../../src/engine/engine.js";
import { validateSpec } from "../../../../src/engine/spec/validate-spec.js";

const shmmax = { "kernel.shmmax": "1" };

it.each<Omit<ContainerSpec, "image">>([
  { ulimits: [{ name: "nofile", soft: 10, hard: 20 }] },
  { ulimits: [{ name: "core", soft: -1, hard: -1 }] },
  { sysctls: { ...shmmax, "net.ipv4.ip_forward": "1", "net/core/somaxconn": "9", "fs.mqueue.msg_max": "3" } },
  { sysctls: shmmax, networkMode: "host" },
  { devices: [{ hostPath: "/dev/fuse", containerPath: "/dev/other", permissions: "rw" }] },
  { resources: { blkioDeviceReadBps: [{ path: "/dev/sda", rate: 1 }], blkioDeviceWriteIops: [] } },
])("%j is fine", (spec) => {
  expect(() => validateSpec({ image: "busybox", ...spec })).not.toThrow();
});

it.each<[Omit<ContainerSpec, "image">, string]>([
  [{ ulimits: [{ name: "nofiles", soft: 1, hard: 1 }] }, "ulimits"],
  [{ ulimits: [{ name: "toString", soft: 1, hard: 1 }] }, "ulimits"],
  [{ ulimits: [{ name: "nofile", soft: 2, hard: 1 }] }, "ulimits.nofile"],
  [{ ulimits: [{ name: "nofile", soft: -1, hard: 1 }] }, "ulimits.nofile"],
  [{ sysctls: { "kernel.panic": "1" } }, "sysctls"],
  [{ sysctls: { "net.../../kernel/panic": "1" } }, "sysctls"],
  [{ sysctls: shmmax, ipcMode: "host" }, "sysctls"],
  [{ sysctls: shmmax, ipcMode: "container:other" }, "sysctls"],
  [{ sysctls: { "net.ipv4.ip_forward": "1" }, networkMode: "host" }, "sysctls"],
  [{ devices: [{ hostPath: "relative" }] }, "devices.hostPath"],
  [{ devices: [{ hostPath: "/dev/fuse", containerPath: "relative" }] }, "devices.containerPath"],
  [{ devices: [{ hostPath: "/dev/fuse", permissions: "x" }] }, "devices.permissions"],
  [{ resources: { blkioDeviceReadBps: [{ path: "sda", rate: 1 }] } }, "resources.blkioDeviceReadBps"],
  [{ resources: { blkioDeviceWriteBps: [{ path: "/dev/sda", rate: 0 }] } }, "resources.blkioDeviceWriteBps"],
  [{ resources: { blkioDeviceReadIops: [{ path: "/dev/sda", rate: 1.5 }] } }, "resources.blkioDeviceReadIops"],
  [{ resources: { blkioDeviceWriteIops: { path: "/dev/sda", rate: 1 } as never } }, "resources.blkioDeviceWriteIops"],
  [{ resources: { blkioDeviceWriteIops: [null as never] } }, "resources.blkioDeviceWriteIops"],
])("%j is refused", (spec, option) => {
  expect(() => validateSpec({ image: "busybox", ...spec })).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID", facts: expect.objectContaining({ option }) }),
  );
});
