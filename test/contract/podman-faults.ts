/** What Podman's service (4.3) does wrong, by cause: the tests of `daemon-faults.ts`. */
import type { DaemonFault } from "./daemon-faults.js";

interface Cause {
  readonly fault: string;
  readonly skip?: DaemonFault["skip"];
  /** By file. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

const CAUSES: readonly Cause[] = [
  {
    fault: "Health checks are run by timers of systemd: without it, never.",
    skip: "depends on the machine",
    tests: {
      health: [
        "is tried at once, and told when it changes",
        "does not wait for an interval to pass before the first success",
        "fails after its retries, keeps the last five results, and can recover",
        "forgives failures for as long as the container may start",
        "is killed with all that it began when it takes too long",
        "that can't be run says why",
        "rests while the container is paused, and begins anew with a restart",
        "is what a wait for health waits for, from the first success to the last failure",
      ],
      streams: ["a container's life > tells its health"],
    },
  },
  {
    fault:
      "Where one limit of processes is named, it asks for the most that there is for the others, also for more than the machine allows.",
    skip: "depends on the machine",
    tests: {
      containers: ["a container > has the environment, the host name, the mounts and the limits it was given"],
      isolation: ["a process > has the limits that it was given, in further processes, too"],
    },
  },
  {
    fault: "It knows no request for a change of limits.",
    tests: {
      isolation: [
        "limits > can be changed while it runs, and are what they were when that fails",
        "limits > of processes can be taken away again",
        "limits > of a container that doesn't run are those of its next start",
        'limits > {"cpusetCpus":"0-9999"} is refused, also in an update',
        "limits > on a disk's block I/O stay when others change",
      ],
    },
  },
  {
    fault: "It takes no range of host ports for one port of a container.",
    tests: { containers: ["a running container > is published on the first free port of a range"] },
  },
  {
    fault: "A container gets no cgroup namespace of its own where the host has cgroups v1.",
    skip: "depends on the machine",
    tests: { isolation: ["namespaces > are its own unless it asks for the host's"] },
  },
  {
    fault: "It does not say why a container whose namespaces are another's can't be started.",
    tests: { isolation: ["namespaces > of a container that is not there, or does not run, are refused"] },
  },
  {
    fault: "It takes no domain name.",
    tests: { isolation: ["a process > has the host name, domain name and kernel parameters that it was given"] },
  },
  {
    fault: "It does not count how often a container was throttled.",
    skip: "hangs",
    tests: { isolation: ["limits > on processors are kept, by number and by share of time"] },
  },
  {
    fault: "It makes a directory /run in every container.",
    tests: { containers: ["a container > has Docker's capabilities, a seccomp filter and no way to the host's files"] },
  },
  {
    fault: "Its monitor writes that memory ran out into a file of the directory that it was started in, where nobody looks.",
    tests: { containers: ["a container > is killed for memory beyond its limit, and says so"] },
  },
  {
    fault: "It stops no container that is paused: it kills it, and refuses to clean up.",
    tests: { lifecycle: ["a paused container > can be stopped, killed and removed"] },
  },
  {
    fault: "A log that is followed ends with the first run, and what runs after a restart is not in it.",
    skip: "depends on the machine",
    tests: {
      lifecycle: ["a restart policy > starts a failing container again, so often and no more, with its files and one log"],
      terminals: ["stays connected over restarts by the policy"],
    },
  },
  {
    fault: "It restarts at once, whatever was tried before: there is no time between two runs.",
    skip: "depends on the machine",
    tests: {
      lifecycle: ["a restart policy > ends with stop, also between two runs", "a restart policy > ends with kill, also between two runs"],
    },
  },
  {
    fault: "A wait for an exit that is to come, or for the removal, is told 0 when it ends.",
    skip: "depends on the machine",
    tests: {
      lifecycle: [
        "waiting > for the next exit ignores the last; for the removal gets it",
        "waiting > for the removal works with containers that remove themselves, and that never ran",
      ],
    },
  },
  {
    fault: "A change of name is told with the new one alone.",
    tests: { lifecycle: ["a name > can be changed for one that is free"] },
  },
  {
    fault: "It counts files that it made itself in a container as what that wrote.",
    tests: {
      lifecycle: ["prune > removes what does not run, by label and age, and tells how much that was"],
      observation: [
        "changes > are none before the first start, and of a container that wrote nothing",
        "the list > tells sizes when asked",
      ],
    },
  },
  {
    fault: "Names of directories in its archives end without a slash.",
    tests: { streams: ["copying > brings files in and out again"] },
  },
  {
    fault: "A log that is followed while much is written loses lines.",
    skip: "depends on the machine",
    tests: { transfers: ["long logs come whole and in order, live and afterwards"] },
  },
  {
    fault: "Volumes that a container brings into being are told of by no event.",
    skip: "hangs",
    tests: { volumes: ["is told of in events"] },
  },
  {
    fault: "It does not count the page cache apart.",
    skip: "depends on the machine",
    tests: { observation: ["stats > count memory against its limit, without the page cache"] },
  },
  {
    fault: "It names the network, where the interface's name belongs.",
    tests: { observation: ["stats > count what its network carries, unless that is another's"] },
  },
  {
    fault: "It knows few of ps(1)'s columns, and joins them into one.",
    tests: { observation: ["top > lists processes as the container and as the host see them"] },
  },
  {
    fault: "A directory that was replaced counts as removed.",
    tests: { observation: ["changes > of a directory that was replaced are what is missing and what is new in it"] },
  },
  {
    fault: "Its list leaves out ports that are exposed and not published.",
    tests: { observation: ["the list > tells what `ps` shows without a look at each container"] },
  },
  {
    fault: "It fills volumes that are to stay empty.",
    tests: { mounts: ["an empty volume > stays empty when told so, and a volume that isn't empty stays as it is"] },
  },
  {
    fault: "It makes what is to be bound and is not there.",
    tests: { mounts: ["a bind > of what is not there is refused and leaves nothing, unless it is to be made"] },
  },
  {
    fault: "It leaves out what the host has mounted below a bind.",
    tests: { mounts: ["a bind > with mounts of the host below it > shows them, read-only like itself, or leaves them out"] },
  },
  {
    fault: "It does not look whether the host shares what a container is to share.",
    tests: { mounts: ["a bind > with mounts of the host below it > refuses to share what the host doesn't"] },
  },
  {
    fault: "It knows no owner of memory that is mounted.",
    tests: { mounts: ["memory > is mounted with the size, the mode and the options that were asked for"] },
  },
  {
    fault: "A new size of a terminal takes effect after it was answered.",
    skip: "depends on the machine",
    tests: { lifecycle: ["a container's terminal of a further process takes its size"] },
  },
  {
    fault: "That somebody left a terminal is told by no event.",
    tests: { terminals: ["is left by docker's keys, and can be come back to"] },
  },
  {
    fault: "Containers come in no order.",
    skip: "depends on the machine",
    tests: { observation: ["the list > passes docker's filters"] },
  },
  {
    fault: "The filter `ancestor` looks at the image itself alone.",
    tests: { observation: ["the list > knows images that stand on others"] },
  },
  {
    fault: "Events of the past are not filtered as those to come.",
    tests: { observation: ["events > of the past are remembered, and filtered as docker does"] },
  },
  {
    fault: "It does not tell what images share.",
    tests: {
      observation: ["the disk > is accounted for: layers once, images by what they share, containers by what they wrote"],
    },
  },
  {
    fault: "Names of containers with the network's name after them are not known.",
    tests: {
      networks: ["networks > let their members reach each other by name, alias, short id and address", "names > are found by address"],
    },
  },
  {
    fault: "All networks of a daemon share one space of addresses.",
    tests: { networks: ["networks > are apart: one can't see, name or reach another, also where their subnets are the same"] },
  },
  {
    fault: "Networks reach each other.",
    tests: { networks: ["networks > are apart where their subnets differ: neither members nor their name server are reached"] },
  },
  {
    fault: "Addresses are given at the start of a container: one that is taken or missing is found then.",
    tests: { networks: ["networks > are kept while somebody runs on them, and what was given is given back"] },
  },
  {
    fault: "A container on another's network has a host name of its own.",
    tests: {
      networks: ["networks > may be shared: a container on another's network", "networks > of another container come with its host name"],
    },
  },
  {
    fault: "Of an alias that several containers have, one is told.",
    skip: "depends on the machine",
    tests: { networks: ["names > take turns where several containers have one alias"] },
  },
  {
    fault: "Name servers of networks are at the gateway's address, and the default network has none: containers have the host's.",
    tests: {
      networks: [
        "names > of the host's files are as Docker writes them",
        "names > are answered beside a name server that the container is itself",
      ],
    },
  },
  {
    fault: "Its name server answers few of many questions at once.",
    skip: "depends on the machine",
    tests: { networks: ["names > are answered a thousand at once, none lost"] },
  },
  {
    fault: "An image's triggers and its shell are told to nobody.",
    tests: { "build-checks": ["checks > know the triggers and the shell of the image that is here"] },
  },
  {
    fault: "The default network has no IPv6.",
    tests: {
      uplink: [
        "a container on the default network > talks to the outside both ways over ipv6, and may end its side first",
        "a container on the default network > exchanges datagrams over ipv6, small and large",
        "a container on the default network > is refused where nobody listens, as without a proxy",
        "a container on the default network > reaches this host by its other addresses, and nothing of its loopback",
      ],
    },
  },
];

export const PODMAN_FAULTS: readonly DaemonFault[] = CAUSES.flatMap(({ fault, skip, tests }) =>
  Object.entries(tests).flatMap(([file, names]) =>
    names.map((test) => ({ engines: ["podman"], file: `${file}.test.ts`, test, fault, skip })),
  ),
);
