/** The contract of a benchmark and the loops that all of them use. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Dockerd } from "../fixtures/dockerd.js";
import type { OurSide, Side } from "./side.js";
import type { Row } from "./table.js";

export interface Benchmark {
  /** As `--only` takes it. */
  readonly name: string;
  run(bench: Bench): Promise<readonly Row[]>;
}

/** What a benchmark gets to work with. */
export interface Bench {
  readonly ours: OurSide;
  /** testcontainers-node on dockerd, where both are installed. */
  readonly peer: Side | undefined;
  /** The daemon behind {@link peer}. */
  readonly dockerd: Dockerd | undefined;
  /** Where the peer's packages are installed. */
  readonly peerPrefix: string | undefined;
  /** `--runs`, or what the benchmark thinks enough. */
  runs(enough: number): number;
  /** Kept between runs: generated images, compiled helpers. */
  readonly cache: string;
  /** Removed at the end; a file system of its own where that can be had. */
  readonly scratch: string;
  note(text: string): void;
}

/** The image of the small benchmarks; `main.ts` imports it on every side. */
export const BUSYBOX = "caisson-bench/busybox:1";

/** A busybox web server: what a container with next to no start-up work of its own looks like. */
export const HTTPD = { image: BUSYBOX, command: ["httpd", "-f", "-p", "8080"], port: 8080 } as const;

/** Before each sample, as between the containers of a test suite. */
export const REST_MS = 60;

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export interface Comparison {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

/**
 * Samples of both sides, taken in turns so that noise of the machine hits both, with a rest ({@link REST_MS})
 * before each. One round of each side goes before and is not counted.
 */
export async function compare(
  bench: Pick<Bench, "peer"> & { readonly ours: Side },
  rounds: number,
  sample: (side: Side) => Promise<number>,
): Promise<Comparison> {
  const samples: Record<"ours" | "peer", number[]> = { ours: [], peer: [] };
  for (let round = -1; round < rounds; round++) {
    for (const who of ["ours", "peer"] as const) {
      const side = bench[who];
      if (side === undefined) continue;
      await sleep(REST_MS);
      const value = await sample(side);
      if (round >= 0) samples[who].push(value);
    }
  }
  return samples;
}

/** The reference part of a row that compares with the peer. */
export function besidePeer(bench: Bench, comparison: Comparison): Row["reference"] {
  return bench.peer && { name: bench.peer.name, samples: comparison.peer };
}
