import { describe, expect, it } from "vitest";
import { LogResumption } from "../../../../src/engine/remote/log-resumption.js";

const SECOND = 1_000_000_000n;
const NOW = 1_700_000_000n * SECOND;

/** What a reader gets that reads `log`, in pieces that each end where the next number says. */
function readInPieces(log: readonly bigint[], ends: readonly number[], start?: bigint): readonly bigint[] {
  const resumption = new LogResumption(start);
  const got: bigint[] = [];
  for (const end of ends) {
    const since = resumption.resume();
    const asked = log.slice(0, end).filter((time) => since === undefined || time >= since);
    got.push(...asked.filter((time) => resumption.isNew(time)));
  }
  return got;
}

describe("a log that goes on", () => {
  it.each([
    ["in the order of its times", [NOW, NOW + 1n, NOW + 2n, NOW + SECOND]],
    ["with several records of one moment", [NOW, NOW, NOW, NOW + 5n]],
    ["with a record that is older than the one before it", [NOW, NOW + 900n, NOW + 300n, NOW + 200n, NOW + 950n]],
    ["with a record that is a second late", [NOW, NOW + 2n * SECOND, NOW + SECOND, NOW + 3n * SECOND]],
    ["over a long time", Array.from({ length: 100 }, (_, n) => NOW + (BigInt(n) * SECOND) / 3n)],
  ])("has each record once, %s, wherever it is broken off", (_, log) => {
    for (let first = 0; first <= log.length; first++) {
      for (const second of [first, first + 1, log.length]) expect(readInPieces(log, [first, second, log.length, log.length])).toEqual(log);
    }
  });

  it("begins where that was asked for, also when nothing came at first", () => {
    const log = [NOW, NOW + 1n, NOW + 2n, NOW + 3n];
    expect(readInPieces(log, [0, 1, 3, 4], NOW + 1n)).toEqual(log.slice(1));
  });

  it("loses nothing that is new where what was read is gone", () => {
    const resumption = new LogResumption(undefined);
    for (const time of [NOW, NOW + 1n]) resumption.isNew(time);
    resumption.resume();
    expect(resumption.isNew(NOW + 2n)).toBe(true);
  });

  it("does not come back to what was before a tail", () => {
    const resumption = new LogResumption(undefined);
    resumption.isNew(NOW);
    expect(resumption.resume()).toBe(NOW);
  });
});
