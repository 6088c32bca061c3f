import { expect, it, vi } from "vitest";
import { progressLine } from "../../../src/cli/progress.js";
import { formatAge, formatMoment, formatSize, parseDuration, parseSize } from "../../../src/cli/quantities.js";

it.each([
  ["0", 0],
  ["10b", 10],
  ["1k", 1024],
  ["1.5m", 1.5 * 2 ** 20],
  ["2GB", 2 ** 31],
  ["1TiB", 2 ** 40],
])("a size of %s", (text, bytes) => {
  expect(parseSize("memory", text)).toBe(bytes);
});

it.each([
  ["500ms", 500],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
])("a duration of %s", (text, milliseconds) => {
  expect(parseDuration("interval", text)).toBe(milliseconds);
});

it.each([
  [0, "0B"],
  [999, "999B"],
  [1000, "1kB"],
  [999_999, "1MB"],
  [12_345_678, "12.3MB"],
  [5e12, "5TB"],
])("%d bytes", (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

it("says ages in the largest unit that fits", () => {
  const now = new Date("2026-01-10T00:00:00Z");
  expect(formatAge(new Date("2026-01-09T23:59:59Z"), now)).toBe("1 second ago");
  expect(formatAge(new Date("2026-01-07T00:00:00Z"), now)).toBe("3 days ago");
  expect(formatAge(new Date("2027-01-07T00:00:00Z"), now)).toBe("0 seconds ago");
});

it("draws progress within the terminal's width", () => {
  expect(progressLine({ id: "abc", status: "downloading", current: 5e6, total: 1e7 }, 80)).toBe(
    "abc: downloading [===============>              ] 5MB/10MB",
  );
  expect(progressLine({ id: "abc", status: "downloading", current: 5e6, total: 1e7 }, 10)).toHaveLength(10);
  expect(progressLine({ id: "abc", status: "done" }, 80)).toBe("abc: done");
});

it.each([
  ["UTC", "2026-11-27 13:47:30 +0000 UTC"],
  ["Europe/Berlin", "2026-11-27 14:47:30 +0100 CET"],
  ["America/New_York", "2026-11-27 08:47:30 -0500 EST"],
  ["America/Sao_Paulo", "2026-11-27 13:47:30 +0000 UTC"],
])("a moment as Go prints it in %s", (zone, expected) => {
  vi.stubEnv("TZ", zone);
  try {
    expect(formatMoment(new Date("2026-11-27T13:47:30.500Z"))).toBe(expected);
  } finally {
    vi.unstubAllEnvs();
  }
});
