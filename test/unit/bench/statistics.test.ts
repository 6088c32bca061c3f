import { describe, expect, it } from "vitest";
import { meets, quantile, summarize } from "../../bench/statistics.js";

describe("quantile", () => {
  it("takes the middle of an odd number of samples, whatever their order", () => {
    expect(quantile([9, 1, 5], 0.5)).toBe(5);
  });

  it("interpolates between two neighbours", () => {
    expect(quantile([10, 20], 0.5)).toBe(15);
    expect(quantile([0, 10, 20, 30], 0.1)).toBeCloseTo(3);
  });

  it("sorts as numbers, not as text", () => {
    expect(quantile([100, 9, 20], 0.5)).toBe(20);
  });
});

describe("summarize", () => {
  it("has nothing to say about no samples", () => {
    expect(summarize([])).toBeUndefined();
  });

  it("counts samples", () => {
    expect(summarize([1, 2, 3])).toEqual({ count: 3, p10: 1.2, median: 2, p90: 2.8 });
  });
});

describe("meets", () => {
  it("compares absolute limits without a reference", () => {
    expect(meets({ kind: "at-most", value: 5 }, 5, undefined)).toBe(true);
    expect(meets({ kind: "at-most", value: 5 }, 5.1, undefined)).toBe(false);
    expect(meets({ kind: "at-least", value: 5 }, 5, undefined)).toBe(true);
    expect(meets({ kind: "at-least", value: 5 }, 4.9, undefined)).toBe(false);
  });

  it("wants the reference to take at least the factor times as long", () => {
    expect(meets({ kind: "times-faster", factor: 30 }, 10, 300)).toBe(true);
    expect(meets({ kind: "times-faster", factor: 30 }, 10, 299)).toBe(false);
  });

  it("wants at least a share of the reference", () => {
    expect(meets({ kind: "share", part: 0.7 }, 0.71, 1)).toBe(true);
    expect(meets({ kind: "share", part: 0.7 }, 0.69, 1)).toBe(false);
  });

  it("can't judge a ratio without a reference", () => {
    expect(meets({ kind: "times-faster", factor: 30 }, 10, undefined)).toBeUndefined();
  });
});
