/** Whatever is killed, and whenever: nothing of the session is left moments later. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, rmdir, utimes } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readHostFacts } from "../../src/engine/builtin/runtime/read-host-facts.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { childrenOf, processName } from "../fixtures/processes.js";
import { NOTHING, remainsOf } from "../fixtures/remains.js";

/** A second is promised and some ten milliseconds are usual; the rest is for machines whose disk or kernel is busy with somebody else. */
const WITHIN_MS = 10_000;
/** Spread over several starts, which take some ten milliseconds each. */
const MOMENTS_MS = [0, 1, 3, 5, 8, 12, 17, 25, 40, 65, 110, 180];

let home: string;

beforeAll(async () => {
  home = await makeHome();
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

async function makeHome(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "caisson-lifetime-"));
  await using engine = await openEngine({ home: made, engine: "builtin" });
  await ensureBusyboxImage(engine);
  await mkdir(path.join(made, "sessions"), { recursive: true });
  return made;
}

async function busyOwner(): Promise<{ readonly owner: ChildProcess; readonly session: string }> {
  const owner = spawn(process.execPath, [path.resolve("test/fixtures/owner-loop.mjs"), home], { stdio: ["ignore", "pipe", "ignore"] });
  const session = await new Promise<string>((resolve) => owner.stdout!.once("data", (data: Buffer) => resolve(data.toString().trim())));
  return { owner, session };
}

/** The session's supervisor: the child of its owner. */
async function supervisorOf(owner: ChildProcess): Promise<number> {
  const children = await readFile(`/proc/${owner.pid}/task/${owner.pid}/children`, "utf8");
  return Number(children.trim().split(" ")[0]);
}

async function expectNothing(session: string): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  let remains = remainsOf(home, session);
  while (Date.now() < deadline && JSON.stringify(remains) !== JSON.stringify(NOTHING)) {
    await delay(20);
    remains = remainsOf(home, session);
  }
  expect(remains).toEqual(NOTHING);
}

it.each(MOMENTS_MS)("kill -9 of the process that starts containers, %d ms after it began", async (moment) => {
  const { owner, session } = await busyOwner();
  try {
    expect(remainsOf(home, session).directory).toBe(true);
    await delay(moment);
    owner.kill("SIGKILL");
    await expectNothing(session);
  } finally {
    owner.kill("SIGKILL");
  }
});

it.each(MOMENTS_MS)("kill -9 of the supervisor, %d ms after containers began to start", async (moment) => {
  const { owner, session } = await busyOwner();
  try {
    const supervisor = await supervisorOf(owner);
    await delay(moment);
    process.kill(supervisor, "SIGKILL");
    await expectNothing(session);
  } finally {
    owner.kill("SIGKILL");
  }
});

interface Served {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly supervisor: number;
  readonly session: string;
}

/** An owner of a container that serves a port. */
async function servingOwner(directory: string): Promise<Served> {
  const child = spawn(process.execPath, [path.resolve("test/fixtures/owner.mjs"), directory], { stdio: ["ignore", "pipe", "inherit"] });
  const said = await new Promise<string>((resolve) => child.stdout.once("data", (data: Buffer) => resolve(data.toString())));
  return { child, ...JSON.parse(said.split("\n")[0]!) };
}

/** It is named once it has run for the first time. */
function wardenOf(supervisor: number): Promise<number> {
  return vi.waitUntil(
    async () => {
      for (const pid of await childrenOf(supervisor)) if ((await processName(pid)) === "caisson-warden") return pid;
      return undefined;
    },
    { timeout: WITHIN_MS, interval: 20 },
  ) as Promise<number>;
}

it.each(["owner", "supervisor"] as const)("kill -9 of the %s, with a container that serves a port", async (victim) => {
  const { child, pid, port, supervisor, session } = await servingOwner(home);
  try {
    expect([lives(pid), lives(supervisor), await accepts(port)]).toEqual([true, true, true]);
    process.kill(victim === "owner" ? child.pid! : supervisor, "SIGKILL");
    await expectNothing(session);
    // The supervisor that clears up after its owner is the last to go.
    const left = async () => ({ container: lives(pid), supervisor: lives(supervisor), port: await accepts(port) });
    await expect.poll(left, { timeout: WITHIN_MS }).toEqual({ container: false, supervisor: false, port: false });
  } finally {
    child.kill("SIGKILL");
  }
});

/** A zombie has ended: it only waits for the host's init to take note. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("connect", () => socket.destroy()).on("error", () => resolve(false));
  });
}

/** Where there are no cgroups, there are none to be left. */
describe.runIf(readHostFacts().cgroups.unified !== undefined)("of a data root that somebody deletes around its session", () => {
  let doomed: string;
  let owner: Served;

  beforeAll(async () => {
    doomed = await makeHome();
  });
  afterAll(async () => {
    owner.child.kill("SIGKILL");
    await rm(doomed, { recursive: true, force: true });
  });

  it("nothing is left when the supervisor is killed", async () => {
    owner = await servingOwner(doomed);
    // Not the image: the next one starts from it.
    await rm(path.join(doomed, "sessions", owner.session), { recursive: true });
    process.kill(owner.supervisor, "SIGKILL");
    await expectNothing(owner.session);
    owner.child.kill("SIGKILL");
  });

  it("a later session elsewhere removes what is left when the one that cleans up is killed as well, and nothing of those that live", async () => {
    owner = await servingOwner(doomed);
    const living = await servingOwner(home);
    try {
      process.kill(await wardenOf(owner.supervisor), "SIGKILL");
      process.kill(owner.supervisor, "SIGKILL");
      owner.child.kill("SIGKILL");
      await rm(doomed, { recursive: true });
      expect(remainsOf(doomed, owner.session).cgroups).not.toEqual([]);
      await using engine = await openEngine({ home, engine: "builtin" });
      await (engine as unknown as { supervisorPid(): Promise<number> }).supervisorPid();
      await expectNothing(owner.session);
      expect(remainsOf(home, living.session).cgroups).not.toEqual([]);
      expect([lives(living.pid), await accepts(living.port)]).toEqual([true, true]);
    } finally {
      living.child.kill("SIGKILL");
    }
    await expectNothing(living.session);
  });
});

describe.runIf(readHostFacts().cgroups.unified !== undefined)(
  "a session removes what one that was killed while it made its cgroups has left:",
  () => {
    const parent = readHostFacts().cgroups.unified ?? "";
    const open = async (): Promise<void> => {
      await using engine = await openEngine({ home, engine: "builtin" });
      await (engine as unknown as { supervisorPid(): Promise<number> }).supervisorPid();
    };

    it.each([
      ["an empty one of some age", "caisson-00c0ffee0000", 120, false],
      ["but none that may be being made", "caisson-00c0ffee0001", 0, true],
      ["and none of another name, however like it that is", "caisson-chaos-Abcde1", 120, true],
    ])("%s", async (_, name, ageS, stays) => {
      const directory = path.join(parent, name);
      await mkdir(directory);
      try {
        const then = Date.now() / 1000 - ageS;
        await utimes(directory, then, then);
        await open();
        if (stays) expect(existsSync(directory)).toBe(true);
        else await expect.poll(() => existsSync(directory), { timeout: WITHIN_MS }).toBe(false);
      } finally {
        await rmdir(directory).catch(() => {}); // it has gone, as it should
      }
    });
  },
);

/** Data that stop are not data that end: a tar of half of the files must not pass for a whole one. */
it.each(["an image that is saved", "files that are copied out"])(
  "kill -9 of the supervisor in the middle of %s is an error of the stream",
  async (what) => {
    await using engine = await openEngine({ home, engine: "builtin" });
    const { id } = await engine.containers.create({ image: "busybox", command: ["dd", "if=/dev/zero", "of=/large", "bs=1M", "count=64"] });
    await engine.containers.start(id);
    await engine.containers.wait(id);
    if (what.startsWith("an image")) await engine.containers.commit(id, { reference: "large" });
    const stream = what.startsWith("an image") ? await engine.images.save(["large"]) : await engine.containers.copyOut(id, "/large");
    const supervisor = await (engine as unknown as { supervisorPid(): Promise<number> }).supervisorPid();
    const read = async (): Promise<void> => {
      let killed = false;
      for await (const _ of stream) {
        if (!killed) process.kill(supervisor, "SIGKILL");
        killed = true;
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "SUPERVISOR_DIED" });
  },
);
