/**
 * What daemons do wrong, by the tests of the contract that show it. Each of these tests is run and must fail: one that passes fails the
 * run, so does a name that no test has. One that would hang, or whose outcome is the machine's, is skipped with what was seen. What an engine
 * can't do at all is no fault: it says so in `supports`.
 */
import type { RunnerTask, RunnerTestFile } from "vitest";
import { SINGLE_ID } from "../fixtures/rootless.js";
import type { Candidate } from "./engines.js";
import { PODMAN_FAULTS } from "./podman-faults.js";
import { SINGLE_ID_LIMITS } from "./single-id-limits.js";

export interface DaemonFault {
  /** Of the candidates, by name. */
  readonly engines: readonly string[];
  readonly file: string;
  /** Names of suites and test, without that of the engine. */
  readonly test: string;
  readonly fault: string;
  /** Why the test is not run: it would wait for ever, or passes on some machines. @default it is run */
  readonly skip?: "hangs" | "depends on the machine" | undefined;
}

export const DAEMON_FAULTS: readonly DaemonFault[] = [
  {
    engines: ["dockerd"],
    file: "health.test.ts",
    test: "is tried at once, and told when it changes",
    fault: "The first probe comes after an interval, not at once.",
    skip: "hangs",
  },
  {
    engines: ["dockerd"],
    file: "health.test.ts",
    test: "does not wait for an interval to pass before the first success",
    fault: "The first probe comes after an interval, not at once.",
    skip: "hangs",
  },
  {
    engines: ["dockerd"],
    file: "health.test.ts",
    test: "is what a wait for health waits for, from the first success to the last failure",
    fault: "The first probe comes after an interval, not at once.",
    skip: "hangs",
  },
  {
    engines: ["dockerd"],
    file: "health.test.ts",
    test: "rests while the container is paused, and begins anew with a restart",
    fault: "The results of earlier runs are kept over a restart.",
  },
  {
    engines: ["dockerd"],
    file: "isolation.test.ts",
    test: "a process > has the limits that it was given, in further processes, too",
    fault:
      "A further process may get the hard limit of open files for the soft one: runc sets it while its own language's runtime raises it.",
    skip: "depends on the machine",
  },
  {
    engines: ["dockerd"],
    file: "isolation.test.ts",
    test: "namespaces > are its own unless it asks for the host's",
    fault: "A container with the host's name has another one in /etc/hostname.",
  },
  {
    engines: ["dockerd"],
    file: "isolation.test.ts",
    test: "devices > are all of the host's for a privileged container",
    fault: "It asks for every capability that there is, also where the machine lacks one.",
    skip: "depends on the machine",
  },
  {
    engines: ["dockerd"],
    file: "mounts.test.ts",
    test: "a bind > with mounts of the host below it > shows them, read-only like itself, or leaves them out",
    fault: "A bind that is read-only leaves what the host has mounted below it writable.",
  },
  {
    engines: ["dockerd"],
    file: "mounts.test.ts",
    test: "a bind > with mounts of the host below it > rprivate: what is mounted later shows as far as it says",
    fault: "It asks for every capability that there is, also where the machine lacks one.",
    skip: "depends on the machine",
  },
  {
    engines: ["dockerd"],
    file: "mounts.test.ts",
    test: "a bind > with mounts of the host below it > rslave: what is mounted later shows as far as it says",
    fault: "It asks for every capability that there is, also where the machine lacks one.",
    skip: "depends on the machine",
  },
  {
    engines: ["dockerd"],
    file: "mounts.test.ts",
    test: "a bind > with mounts of the host below it > rshared: what is mounted later shows as far as it says",
    fault: "It asks for every capability that there is, also where the machine lacks one.",
    skip: "depends on the machine",
  },
  {
    engines: ["dockerd"],
    file: "networks.test.ts",
    test: "networks > are apart: one can't see, name or reach another, also where their subnets are the same",
    fault: "All networks of a daemon share one space of addresses.",
  },
  {
    engines: ["dockerd"],
    file: "networks.test.ts",
    test: "networks > are kept while somebody runs on them, and what was given is given back",
    fault: "Addresses are given at the start of a container: one that is taken or missing is found then.",
  },
  {
    engines: ["dockerd"],
    file: "networks.test.ts",
    test: "names > that nobody has are said to be so at once on a network without a way out",
    fault: "It asks its own host's name servers also for internal networks.",
    skip: "depends on the machine",
  },
  {
    engines: ["dockerd"],
    file: "networks.test.ts",
    test: "names > of the host's files are as Docker writes them",
    fault: "The default bridge has no name server of the daemon's: containers have the host's.",
  },
  {
    engines: ["dockerd"],
    file: "observation.test.ts",
    test: "the list > passes docker's filters",
    fault: "The first health check comes after an interval, not at once.",
  },
  {
    engines: ["dockerd"],
    file: "observation.test.ts",
    test: "events > of the past are remembered, and filtered as docker does",
    fault: "An image that loses a name is told of by its id alone, so a filter by that name misses it.",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "a container on a network > talks to the outside both ways over ipv6, and may end its side first",
    fault: "It translates no IPv6 addresses unless it is told to (ip6tables, an experiment before Docker 27).",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "a container on a network > exchanges datagrams over ipv6, small and large",
    fault: "It translates no IPv6 addresses unless it is told to (ip6tables, an experiment before Docker 27).",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "a container on a network > is refused where nobody listens, as without a proxy",
    fault: "It translates no IPv6 addresses unless it is told to (ip6tables, an experiment before Docker 27).",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "an internal network leads nowhere",
    fault: "It drops what leaves an internal network, where a network without a route would say so.",
  },
  {
    engines: ["dockerd", "dockerd over TLS", "dockerd over ssh"],
    file: "terminals.test.ts",
    test: "of a further process can be left, too: the process goes on",
    fault: "A process that was left by the detach keys counts as one that could not be run: exit code 126.",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "a container on the default network > talks to the outside both ways over ipv6, and may end its side first",
    fault: "The default bridge has no IPv6.",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "a container on the default network > exchanges datagrams over ipv6, small and large",
    fault: "The default bridge has no IPv6.",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "a container on the default network > is refused where nobody listens, as without a proxy",
    fault: "The default bridge has no IPv6.",
  },
  {
    engines: ["dockerd"],
    file: "uplink.test.ts",
    test: "a container on the default network > reaches this host by its other addresses, and nothing of its loopback",
    fault: "The default bridge has no IPv6.",
  },
];

/** And what one id doesn't allow, where there is one. */
const KNOWN_FAULTS: readonly DaemonFault[] = [...DAEMON_FAULTS, ...PODMAN_FAULTS, ...(SINGLE_ID ? SINGLE_ID_LIMITS : [])];

const SEPARATOR = " > ";

export function faultOf({ name }: Candidate, task: RunnerTask): DaemonFault | undefined {
  const test = nameBelowEngine(task);
  return KNOWN_FAULTS.find((fault) => fault.engines.includes(name) && task.file.name.endsWith(`/${fault.file}`) && fault.test === test);
}

/** Listed for this file and engine, but no test of the suite. */
export function faultsOfNoTest({ name }: Candidate, file: RunnerTestFile): readonly string[] {
  const names = new Set(testsOf(file).map(nameBelowEngine));
  return KNOWN_FAULTS.filter((fault) => fault.engines.includes(name) && file.name.endsWith(`/${fault.file}`) && !names.has(fault.test)).map(
    ({ test }) => test,
  );
}

function testsOf(task: RunnerTask): readonly RunnerTask[] {
  return task.type === "suite" ? task.tasks.flatMap(testsOf) : [task];
}

/** The suite of an engine is the topmost of its file. */
function nameBelowEngine(task: RunnerTask): string {
  const names: string[] = [];
  for (let each: RunnerTask | undefined = task; each?.suite; each = each.suite) names.unshift(each.name);
  return names.join(SEPARATOR);
}
