/** Looks at the devices of the host that a container gets, so that planning can stay pure. */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type { ContainerSpec, DeviceSpec } from "../../engine.js";
import { optionError } from "../../errors.js";
import type { DeviceRule } from "../runtime/device-rules.js";
import { type DeviceNode, type HostDevices, NO_DEVICES } from "../runtime/plan-devices.js";
import { numbersOf } from "./device-numbers.js";
import { readLimitedDisks } from "./limited-disks.js";

/** What a container has of its own in /dev. */
const OWN = new Set(["console", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "tty", "urandom", "zero"]);

/** @throws OPTION_INVALID for a path that is missing or is no device */
export async function readHostDevices({ devices = [], privileged, resources }: ContainerSpec): Promise<HostDevices> {
  const disks = await readLimitedDisks(resources);
  if (devices.length === 0 && !privileged) return { ...NO_DEVICES, disks };
  const found = (await Promise.all(devices.map(namedDevices))).flat();
  return {
    named: found.map(({ hostPath, containerPath }) => ({ hostPath, containerPath })),
    rules: found.map(({ rule }) => rule),
    all: privileged ? await nodesOf("/dev", (name) => !OWN.has(name)) : [],
    disks,
  };
}

interface NamedDevice {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly rule: DeviceRule;
}

/** A directory stands for the devices in it, and in those below it. */
async function namedDevices({ hostPath, containerPath = hostPath, permissions = "rwm" }: DeviceSpec): Promise<NamedDevice[]> {
  const found = await stat(hostPath).catch(() => undefined);
  if (found && isDevice(found)) return [{ hostPath, containerPath, rule: { ...numbersOf(found), permissions } }];
  const nodes = found?.isDirectory() ? await nodesOf(hostPath) : [];
  if (nodes.length === 0) throw optionError("devices.hostPath", hostPath, "a device of the host, or a directory that holds some");
  return nodes.map(({ path: node, type, major, minor }) => ({
    hostPath: `/${node}`,
    containerPath: path.join(containerPath, path.relative(hostPath, `/${node}`)),
    rule: { type, major, minor, permissions },
  }));
}

/** Links are left out: what they lead to is found by its own name. */
async function nodesOf(directory: string, wanted: (name: string) => boolean = () => true): Promise<DeviceNode[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const nodes = await Promise.all(
    entries
      .filter(({ name }) => wanted(name))
      .map(async (entry): Promise<readonly DeviceNode[]> => {
        const place = path.join(directory, entry.name);
        if (entry.isDirectory()) return nodesOf(place);
        if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
        const found = await stat(place).catch(() => undefined); // it may be gone already
        return found && isDevice(found) ? [{ path: place.slice(1), permissions: found.mode & 0o777, ...numbersOf(found) }] : [];
      }),
  );
  return nodes.flat();
}

function isDevice(found: Stats): boolean {
  return found.isCharacterDevice() || found.isBlockDevice();
}
