import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readLimitedDisks } from "../../../../../src/engine/builtin/containers/limited-disks.js";
import { DISK } from "../../../../fixtures/cgroup-files.js";

const limit = (path: string) => readLimitedDisks({ blkioDeviceWriteBps: [{ path, rate: 1 }] });

it.skipIf(DISK === undefined)("a disk is known by its number, however often it is named", async () => {
  const rates = [{ path: DISK!, rate: 1 }];
  const number = readFileSync(`/sys/block/${DISK!.slice("/dev/".length)}/dev`, "utf8").trim();
  expect([...(await readLimitedDisks({ blkioDeviceReadBps: rates, blkioDeviceWriteIops: rates }))]).toEqual([[DISK, number]]);
});

it("nothing is looked for where nothing is limited", async () => {
  expect((await readLimitedDisks({ memoryBytes: 64 << 20 })).size).toBe(0);
});

const partition = readdirSync("/dev").find((name) => /^(sd[a-z]|vd[a-z]|nvme\d+n\d+p)\d+$/.test(name));

it.each(["/dev/null", "/dev/nonesuch", "/etc/passwd", ...(partition ? [`/dev/${partition}`] : [])])("%s is no disk", async (path) => {
  await expect(limit(path)).rejects.toMatchObject({
    code: "OPTION_INVALID",
    facts: { option: "resources.blkioDeviceWriteBps", value: path },
  });
});
