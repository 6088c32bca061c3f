/** Every engine that the contract suite is put to. Another engine is one more line here; what it lacks, it says in `supports`. */
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import type { DaemonAccess, DaemonName } from "./daemons.js";

export interface Candidate {
  readonly name: string;
  /** The daemon that does its work. */
  readonly daemon?: DaemonName | undefined;
  /** @param home an empty directory for whatever the engine keeps @param access to the daemon, where there is one */
  open(home: string, access?: DaemonAccess): Promise<Engine>;
}

const remote = (name: string, daemon: DaemonName, open: (access: DaemonAccess) => Promise<Engine>): Candidate => ({
  name,
  daemon,
  open: (_, access) => {
    if (access === undefined) throw new Error(`no ${daemon} was borrowed`);
    return open(access);
  },
});

const LOCAL: Candidate = { name: "builtin", open: (home) => openEngine({ home, engine: "builtin" }) };

const overSocket = (daemon: DaemonName): Candidate => remote(daemon, daemon, ({ host }) => openEngine({ host }));

/** By name, separated by commas, or `all`. Not all by default: daemons take ten times as long, and each of their faults a test that fails. */
const wanted = (process.env["CONTRACT_ENGINES"] ?? "builtin,dockerd over TLS,dockerd over ssh").split(",");
const chosen = (candidates: readonly Candidate[]): readonly Candidate[] =>
  candidates.filter(({ name }) => wanted.includes(name) || wanted.includes("all"));

/** For all of the contract. */
export const ENGINES: readonly Candidate[] = chosen([LOCAL, overSocket("dockerd"), overSocket("podman")]);

/** Without the daemons, of whose faults their own tests speak. A file whose tests are all for these needs one that is skipped where there are none. */
export const OWN_ENGINES: readonly Candidate[] = ENGINES.filter(({ daemon }) => daemon === undefined);

/** Ways to a daemon that are further than its socket: for what depends on the way. */
export const ROUTES: readonly Candidate[] = chosen([
  remote("dockerd over TLS", "dockerd", ({ tls }) =>
    openEngine({ host: tls!.host, environment: { ...process.env, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: tls!.certificates } }),
  ),
  remote("dockerd over ssh", "dockerd", ({ ssh }) => openEngine({ host: ssh!.host, environment: { ...process.env, PATH: ssh!.path } })),
]);
