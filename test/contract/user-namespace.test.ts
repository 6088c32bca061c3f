/** The supervisor's user namespace, and what is said where there is none. What works in one is the contract suite, which runs as a user too. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readUserFacts } from "../../src/engine/builtin/runtime/read-user-facts.js";
import { chooseUserNamespace, type UserNamespace } from "../../src/engine/builtin/runtime/user-namespace.js";
import { Supervisor } from "../../src/engine/builtin/supervisor/supervisor.js";
import { locateSupervisor } from "../../src/engine/builtin/supervisor/supervisor-binary.js";
import { openEngine } from "../../src/engine/open.js";
import { ensureBusyboxImage } from "../fixtures/busybox-image.js";
import { findProgram } from "../fixtures/command.js";
import { ROOTLESS, removeTree } from "../fixtures/rootless.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "caisson-user-namespace-"));
});

afterEach(() => removeTree(directory));

/** Of the user that runs this. */
function ownIds(): Pick<UserNamespace, "uids" | "gids"> {
  return chooseUserNamespace(readUserFacts());
}

async function open(namespace: Partial<UserNamespace>, binary?: string): Promise<Supervisor> {
  const programs = { newuidmap: (await findProgram("newuidmap"))!, newgidmap: (await findProgram("newgidmap"))! };
  return Supervisor.open({
    binary: binary ?? (await locateSupervisor()),
    sessionDirectory: path.join(directory, "session"),
    cgroups: [],
    prepare: [],
    userNamespace: { uids: [], gids: [], programs, ...namespace },
  });
}

/** Of this process. */
function supervisorsHere(): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/comm`, "utf8") === "caisson-superv\n" && childOfOurs(pid);
    } catch {
      return false;
    }
  });
}

const childOfOurs = (pid: string): boolean =>
  readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(process.pid);

it("is made before the session is, and has the ids that were mapped", async (context) => {
  if (!ROOTLESS) context.skip("newuidmap gives ids to users that /etc/subuid names, and root needs none");
  const ids = ownIds();
  const supervisor = await open(ids);
  try {
    const mapped = (await readFile(`/proc/${supervisor.pid}/uid_map`, "utf8")).trim().split("\n");
    expect(mapped.map((line) => line.trim().split(/\s+/).map(Number))).toEqual(ids.uids);
    expect(supervisor.inUserNamespace).toBe(true);
  } finally {
    await supervisor.close();
  }
  expect(readdirSync(directory)).toEqual([]);
});

it("is refused with what the program said that maps ids", async () => {
  const programs = { newuidmap: (await findProgram("newuidmap"))!, newgidmap: "/bin/true" };
  await expect(open({ uids: [[0, 4_000_000_000, 7]], programs })).rejects.toMatchObject({
    code: "USER_NAMESPACE_REFUSED",
    evidence: [expect.stringContaining("uid range [0-7) -> [4000000000-4000000007) not allowed")],
  });
  await expect(open({ programs: { newuidmap: "/bin/false", newgidmap: "/bin/true" } })).rejects.toMatchObject({
    code: "USER_NAMESPACE_REFUSED",
    summary: expect.stringContaining("/bin/false failed"),
  });
  expect(readdirSync(directory)).toEqual([]);
  expect(supervisorsHere()).toEqual([]);
});

it("is refused where no id was mapped to root", async () => {
  await expect(open({ programs: { newuidmap: "/bin/true", newgidmap: "/bin/true" } })).rejects.toMatchObject({ code: "SUPERVISOR_DIED" });
  expect(readdirSync(directory)).toEqual([]);
});

it("gives no host port that is root's", async (context) => {
  if (!ROOTLESS) context.skip("root may have every port");
  const first = Number(await readFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  if (first < 2) context.skip("this host gives every port to everybody");
  await using engine = await openEngine({ home: path.join(directory, "home"), engine: "builtin" });
  await ensureBusyboxImage(engine);
  const { id } = await engine.containers.create({
    image: "busybox",
    command: ["sleep", "60"],
    publish: [{ containerPort: 80, hostPort: first - 1 }],
  });
  await expect(engine.containers.start(id)).rejects.toMatchObject({
    code: "PORT_FORBIDDEN",
    facts: { hostPort: first - 1 },
    remedy: expect.stringContaining("ip_unprivileged_port_start"),
  });
});

it("is refused with the kernel's reason", async () => {
  // As where user.max_user_namespaces is 0, which this machine's root may not set: the supervisor ends before it says a word.
  await expect(open({}, "/bin/false")).rejects.toMatchObject({
    code: "USER_NAMESPACE_REFUSED",
    summary: expect.stringContaining("the kernel refuses it"),
  });
});
