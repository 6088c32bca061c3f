import { describe, expect, it } from "vitest";
import { formatTable } from "../../bench/table.js";

describe("formatTable", () => {
  it("puts figures, ratio, limits and verdict side by side", () => {
    const text = formatTable([
      {
        what: "start",
        unit: "ms",
        ours: [9, 10, 11],
        reference: { name: "peer", samples: [400, 410, 420] },
        must: { kind: "times-faster", factor: 30 },
        aim: { kind: "times-faster", factor: 45 },
      },
      { what: "exec", unit: "ms", ours: [6], must: { kind: "at-most", value: 5 } },
      { what: "throughput", unit: "GB/s", ours: [0.8], reference: { name: "loopback", samples: [1] }, must: { kind: "share", part: 0.7 } },
      { what: "nothing to compare with", unit: "ms", ours: [1.5], must: { kind: "times-faster", factor: 2 } },
    ]);
    expect(text.split("\n")).toEqual([
      "what                     ours       p10-p90 (n)    compared with  median  ratio  must     aim",
      "-----------------------  ---------  -------------  -------------  ------  -----  -------  ---  ------",
      "start                    10 ms      9.20-10.8 (3)  peer           410 ms  41x    30x      45x  ok",
      "exec                     6 ms                                                    <= 5 ms       MISSED",
      "throughput               0.80 GB/s                 loopback       1 GB/s  80 %   70 %          ok",
      "nothing to compare with  1.50 ms                                                 2x",
    ]);
  });
});
