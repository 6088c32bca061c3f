/** A host that has cgroup v1 alone: this one, in a mount namespace without its v2 hierarchy. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { NOTHING, remainsOf } from "../fixtures/remains.js";

const WITHOUT_V2 = "grep ' - cgroup2 ' /proc/self/mountinfo | cut -d' ' -f5 | xargs -r umount -l";

let home: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "caisson-cgroup-v1-"));
  await using engine = await openEngine({ home });
  await ensureBusyboxImage(engine);
  await mkdir(path.join(home, "sessions"), { recursive: true });
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

it("freezes, limits, counts, keeps from devices, kills all, and leaves nothing when it is killed", async (context) => {
  if (!existsSync("/sys/fs/cgroup/freezer")) context.skip("this host has no cgroup v1");
  const script = `${WITHOUT_V2}; exec "$0" "$1" "$2"`;
  const args = ["--mount", "sh", "-c", script, process.execPath, path.resolve("test/fixtures/cgroup-v1.mjs"), home];
  const owner = spawn("unshare", args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const seen = JSON.parse(await firstLine(owner.stdout));
    expect(seen).toMatchObject({
      cgroupVersion: "1",
      pause: { standsStill: true, goesOn: true, stopped: { signal: "SIGKILL" } },
      device: expect.stringMatching(/Operation not permitted\nnull works\n$/),
      left: "",
      limited: {
        stats: { accounting: "cgroup", memory: { limitBytes: 64 << 20 }, pids: { current: 1, limit: 10 } },
        processes: ["sleep 60"],
      },
    });
    owner.kill("SIGKILL");
    for (const deadline = Date.now() + 5000; Date.now() < deadline; await delay(20)) {
      if (JSON.stringify(remainsOf(home, seen.session)) === JSON.stringify(NOTHING)) break;
    }
    expect(remainsOf(home, seen.session)).toEqual(NOTHING);
  } finally {
    owner.kill("SIGKILL");
  }
});

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stream.on("data", (data: Buffer) => {
    text += data.toString();
  });
  while (!text.includes("\n"))
    await Promise.race([once(stream, "data"), once(stream, "end").then(() => Promise.reject(new Error("it ended")))]);
  return text.slice(0, text.indexOf("\n"));
}
