/** Sizes and durations as docker's flags write them, and as people read them. Pure. */
import { UsageError } from "./usage.js";

const SIZE_FACTORS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `64m`, `1.5g`, `512MiB`: powers of 1024, as docker's memory flags. @throws UsageError */
export function parseSize(option: string, text: string): number {
  const [, amount, unit = "b"] = /^(\d+(?:\.\d+)?)\s*(?:([bkmgt])(?:i?b)?)?$/i.exec(text) ?? [];
  if (amount === undefined) throw new UsageError(`--${option} takes a size such as 512m or 2g, not ${JSON.stringify(text)}`);
  return Math.round(Number(amount) * SIZE_FACTORS[unit.toLowerCase()]!);
}

const DURATION_FACTORS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's durations, `1m30s` or `500ms`, in milliseconds. @throws UsageError */
export function parseDuration(option: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text)
    throw new UsageError(`--${option} takes a duration such as 500ms or 1m30s, not ${JSON.stringify(text)}`);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * DURATION_FACTORS[unit!]!, 0);
}

/** @throws UsageError */
export function parseNumber(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UsageError(`--${option} takes a number, not ${JSON.stringify(text)}`);
  return value;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Powers of 1000, three digits: `12.3MB`. */
export function formatSize(bytes: number): string {
  return scaled(bytes, 1000, 3, UNITS);
}

/** Powers of 1024, four digits: `12.34MiB`, as `docker stats` has memory. */
export function formatMemory(bytes: number): string {
  return scaled(bytes, 1024, 4, BINARY_UNITS);
}

function scaled(bytes: number, base: number, digits: number, units: readonly string[]): string {
  let value = bytes;
  let unit = 0;
  while (value >= base - 0.5 && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

const AGES = [
  [31_557_600, "year"],
  [2_629_800, "month"],
  [604_800, "week"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** `3 days ago`. */
export function formatAge(then: Date, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - then.getTime()) / 1000));
  const [length, name] = AGES.find(([least]) => seconds >= least) ?? [1, "second"];
  const count = Math.floor(seconds / length);
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}

/**
 * `2026-11-27 13:47:30 +0000 UTC`, as Go prints a time (time.Time.String): of the local time zone where its name is known, which there is
 * no way to ask for but in some language.
 */
export function formatMoment(time: Date): string {
  const name = zoneName(time, "en-US") ?? zoneName(time, "en-GB");
  const minutesAhead = name === undefined ? 0 : -time.getTimezoneOffset();
  const digits = new Date(time.getTime() + minutesAhead * 60_000).toISOString().slice(0, "YYYY-MM-DDThh:mm:ss".length);
  const [hours, minutes] = [Math.trunc(Math.abs(minutesAhead) / 60), Math.abs(minutesAhead) % 60].map((part) =>
    String(part).padStart(2, "0"),
  );
  return `${digits.replace("T", " ")} ${minutesAhead < 0 ? "-" : "+"}${hours}${minutes} ${name ?? "UTC"}`;
}

/** `CET`; undefined where the language has a mere `GMT+1` for it. */
function zoneName(time: Date, language: string): string | undefined {
  const parts = new Intl.DateTimeFormat(language, { timeZoneName: "short" }).formatToParts(time);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value;
  return name !== undefined && /^[A-Z]{2,5}$/.test(name) ? name : undefined;
}
