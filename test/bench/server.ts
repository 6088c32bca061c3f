/** Clients of others, unchanged, on a server of ours and on dockerd: testcontainers-node, and docker's command line. */
import { findProgram, PeerMissing, run } from "../fixtures/command.js";
import { type Bench, type Benchmark, BUSYBOX, compare, HTTPD, timed } from "./benchmark.js";
import type { Running, Side } from "./side.js";
import { type CaissonServer, startServer } from "./sides/caisson-server.js";
import { openTestcontainersAt } from "./sides/testcontainers.js";
import type { Row } from "./table.js";

const AT_ONCE = 10;

export const server: Benchmark = {
  name: "server",
  async run(bench) {
    const { dockerd, peer, peerPrefix } = bench;
    if (!dockerd || !peer || !peerPrefix) throw new PeerMissing("it needs dockerd and testcontainers");
    const served = await startServer(bench.scratch, BUSYBOX);
    try {
      // The peer has its daemon from its first container on; ours is given the other one then.
      await (await peer.start(HTTPD)).stop();
      const ours = openTestcontainersAt(peerPrefix, served.host) as Side;
      return [...(await throughTestcontainers({ ...bench, ours: ours as never })), await throughDocker(bench, served, dockerd.host)];
    } finally {
      await served[Symbol.asyncDispose]();
    }
  },
};

async function throughTestcontainers(bench: Bench): Promise<readonly Row[]> {
  const start = (count: number) => async (side: Side) => {
    let containers: Running[] = [];
    const time = await timed(async () => {
      containers = await Promise.all(Array.from({ length: count }, () => side.start(HTTPD)));
    });
    await Promise.all(containers.map((container) => container.stop()));
    return time;
  };
  const one = await compare(bench, bench.runs(20), start(1));
  const ten = await compare(bench, bench.runs(5), start(AT_ONCE));
  const reference = (samples: readonly number[]) => ({ name: bench.peer!.name, samples });
  return [
    {
      what: "testcontainers on our server, start",
      unit: "ms",
      ours: one.ours,
      reference: reference(one.peer),
      must: { kind: "times-faster", factor: 3 },
    },
    {
      what: `testcontainers on our server, ${AT_ONCE} at once`,
      unit: "ms",
      ours: ten.ours,
      reference: reference(ten.peer),
      must: { kind: "times-faster", factor: 5 },
    },
  ];
}

async function throughDocker(bench: Bench, { host }: CaissonServer, daemon: string): Promise<Row> {
  const docker = await findProgram("docker");
  if (docker === undefined) throw new PeerMissing("it needs docker's command line");
  const runs = (address: string) => timed(() => run(docker, ["run", "--rm", BUSYBOX, "true"], { DOCKER_HOST: address }));
  const sides = { ours: { name: "ours" } as Side, peer: { name: "dockerd" } as Side };
  const times = await compare(sides, bench.runs(20), (side) => runs(side === sides.ours ? host : daemon));
  return {
    what: "docker run --rm IMAGE true, on our server",
    unit: "ms",
    ours: times.ours,
    reference: { name: `dockerd ${bench.dockerd!.version}`, samples: times.peer },
    must: { kind: "times-faster", factor: 5 },
  };
}
