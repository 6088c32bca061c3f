/**
 * Has ids mapped into the user namespace of a supervisor that waits for it (native/user_namespace.h), by shadow's programs: they check
 * that the ids are the user's. A single id, the user's own, needs none.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { CaissonError } from "../../errors.js";
import { userNamespaceRemedy } from "../runtime/confinement.js";
import { readConfinement } from "../runtime/read-confinement.js";
import type { IdRange, UserNamespace } from "../runtime/user-namespace.js";
import { describeErrno, errnoName } from "./supervisor-failure.js";

const PERMIT = "It needs its set-user-ID bit, and maps only ids that /etc/subuid and /etc/subgid give to this user.";

/**
 * @param stderr what the supervisor has said about it
 * @throws USER_NAMESPACE_REFUSED
 */
export async function mapUserNamespace(child: ChildProcess, namespace: UserNamespace, stderr: () => string): Promise<void> {
  const { uids, gids, programs } = namespace;
  const { stdin, stdout } = child;
  // A byte says how unshare(2) went: 0, or with which errno. The end without one: the supervisor did not get that far.
  const said = await Promise.race([
    once(stdout!, "data").then(([data]) => (data as Buffer)[0]),
    once(child, "close").then(() => undefined),
  ]).catch(() => undefined);
  if (said !== 0) throw refusedByKernel(said, stderr());
  const pid = String(child.pid);
  try {
    if (programs) await Promise.all([map(programs.newuidmap, pid, uids), map(programs.newgidmap, pid, gids)]);
    else await mapOwn(pid, namespace);
  } catch (error) {
    child.kill("SIGKILL"); // it waits for ids that will not come
    throw error;
  }
  stdin!.end();
}

/** One's own ids one may map without a program's help, once nobody in the namespace can drop a group any more (user_namespaces(7)). */
async function mapOwn(pid: string, { uids, gids }: UserNamespace): Promise<void> {
  try {
    await writeFile(`/proc/${pid}/setgroups`, "deny");
    await writeFile(`/proc/${pid}/gid_map`, lines(gids));
    await writeFile(`/proc/${pid}/uid_map`, lines(uids));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refused(`its ids can't be mapped (${message})`, "", userNamespaceRemedy(code, readConfinement()), error as Error, code);
  }
}

const lines = (ranges: readonly IdRange[]): string => ranges.map((range) => range.join(" ")).join("\n");

async function map(program: string, pid: string, ranges: readonly IdRange[]): Promise<void> {
  const { execFile } = await import("node:child_process");
  await new Promise<void>((resolve, reject) => {
    execFile(program, [pid, ...ranges.flat().map(String)], { env: {} }, (error, _stdout, said) => {
      if (error) reject(refused(`${program} failed`, said, PERMIT, error));
      else resolve();
    });
  });
}

function refusedByKernel(errno: number | undefined, said: string): CaissonError {
  const code = errno === undefined ? undefined : errnoName(errno);
  const how = errno === undefined ? "" : `: unshare: ${describeErrno(errno)}`;
  return refused(`the kernel refuses it${how}`, said, userNamespaceRemedy(code, readConfinement()), undefined, code);
}

function refused(why: string, said: string, remedy: string, cause?: Error, errno?: string): CaissonError {
  return new CaissonError("USER_NAMESPACE_REFUSED", `No user namespace for this user: ${why}`, {
    facts: { uid: process.getuid?.() ?? 0, errno },
    evidence: said.split("\n").filter(Boolean),
    cause,
    remedy,
  });
}
