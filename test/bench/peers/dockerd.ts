/**
 * A Docker daemon of our own beside whatever the machine runs: own data root, sockets, bridge and mount namespace, all
 * taken back at the end. Its configuration is otherwise Docker's default, packet filter included.
 */
import { randomInt } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findProgram, PeerMissing, run } from "../../fixtures/command.js";
import { type Daemon, startDaemon } from "../../fixtures/daemon.js";
import { Cleanup } from "../cleanup.js";
import { undoRules } from "./firewall.js";
import { childrenOf, commandLine, processesWhere } from "./processes.js";

export interface Dockerd extends AsyncDisposable {
  /** As DOCKER_HOST takes it. */
  readonly host: string;
  readonly version: string;
  readonly pid: number;
  /** The daemon's own directory, data root and sockets included. */
  readonly directory: string;
  /** Runs the docker command on this daemon. */
  docker(...args: string[]): Promise<string>;
  /** Everything it runs besides the containers: containerd, shims, proxies. */
  processes(): Promise<number[]>;
}

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

/** @throws PeerMissing */
export async function startDockerd(directory: string): Promise<Dockerd> {
  const tools = await findTools();
  const cleanup = new Cleanup();
  try {
    await mkdir(directory, { recursive: true });
    cleanup.defer(() => rm(directory, { recursive: true, force: true }));
    const bridge = `caissonb${randomInt(36 ** 5).toString(36)}`;
    await guardFirewall(tools.iptables, bridge, cleanup);
    await makeBridge(tools.ip, bridge, cleanup);
    const host = `unix://${join(directory, "docker.sock")}`;
    const docker = (...args: string[]) => run(tools.docker, args, { DOCKER_HOST: host, DOCKER_CONFIG: directory });
    const options = await run(tools.dockerd, ["--help"]);
    let version = "";
    const daemon: Daemon = await startDaemon({
      // In a mount namespace of its own, so that whatever it leaves mounted goes with it.
      command: [tools.unshare, "--mount", "--propagation", "private", tools.dockerd, ...flags(directory, host, bridge, options)],
      log: join(directory, "dockerd.log"),
      ready: async () => {
        version = (await docker("version", "--format", "{{.Server.Version}}")).trim();
      },
    });
    cleanup.defer(() => daemon.stop());
    return {
      host,
      version,
      pid: daemon.pid,
      directory,
      docker,
      processes: () => daemonProcesses(daemon.pid, directory),
      [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
    };
  } catch (error) {
    await cleanup[Symbol.asyncDispose]();
    throw error;
  }
}

/** @param help of this daemon, which tells what it takes */
function flags(directory: string, host: string, bridge: string, help: string): string[] {
  const paths = ["--data-root", join(directory, "root"), "--exec-root", join(directory, "exec"), "--pidfile", join(directory, "pid")];
  // Lowering its own OOM score, the default, needs CAP_SYS_RESOURCE, which small virtual machines may lack.
  const score = help.includes("--oom-score-adjust") ? ["--oom-score-adjust", "0"] : [];
  return [...paths, "--host", host, "--bridge", bridge, ...score];
}

async function findTools(): Promise<Record<"dockerd" | "docker" | "ip" | "iptables" | "unshare", string>> {
  const find = async (name: string) => {
    const path = await findProgram(name);
    if (path === undefined) throw new PeerMissing(`${name} is not installed (apt-get install docker.io iproute2 iptables)`);
    return path;
  };
  if (process.getuid?.() !== 0) throw new PeerMissing("dockerd needs root");
  return {
    dockerd: await find("dockerd"),
    docker: await find("docker"),
    ip: await find("ip"),
    iptables: await find("iptables"),
    unshare: await find("unshare"),
  };
}

async function makeBridge(ip: string, bridge: string, cleanup: Cleanup): Promise<void> {
  await run(ip, ["link", "add", "name", bridge, "type", "bridge"]);
  cleanup.defer(() => run(ip, ["link", "delete", bridge]));
  await run(ip, ["address", "add", `10.${randomInt(64, 250)}.${randomInt(1, 250)}.1/24`, "dev", bridge]);
  await run(ip, ["link", "set", bridge, "up"]);
}

/** Notes what the packet filter and the forwarding switch look like, and brings that back in the end. */
async function guardFirewall(iptables: string, bridge: string, cleanup: Cleanup): Promise<void> {
  const before = await run(`${iptables}-save`, []);
  const forwarding = await readFile(FORWARDING, "utf8");
  cleanup.defer(async () => {
    for (const args of undoRules(before, await run(`${iptables}-save`, []), bridge)) {
      // Somebody else may have removed it in the meantime.
      await run(iptables, ["-w", ...args]).catch(() => undefined);
    }
    await writeFile(FORWARDING, forwarding);
  });
}

/** Shims are no children of the daemon, but all that it starts has one of its paths on the command line. */
async function daemonProcesses(daemon: number, directory: string): Promise<number[]> {
  const helpers = await processesWhere(async (pid) => (await commandLine(pid)).includes(directory));
  return [...new Set([daemon, ...helpers, ...(await childrenOf(daemon))])];
}
