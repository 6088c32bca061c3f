/** Times as the API writes and reads them. Pure. */
import { MalformedBody } from "./json-fields.js";

/** Go's zero time: never. */
const NEVER = "0001-01-01T00:00:00Z";

export function timeText(time: Date | undefined): string {
  return time?.toISOString() ?? NEVER;
}

/** RFC 3339 with nanoseconds, as log lines begin. */
export function nanosecondText(timeNs: bigint): string {
  const seconds = new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(timeNs % 1_000_000_000n).padStart(9, "0")}Z`;
}

const SECOND_MS = 1000;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: 60 * SECOND_MS, h: 3600 * SECOND_MS };

/** `1700000000`, `1700000000.123456789`, RFC 3339, or a duration before now: `10m`. Zero and nothing are no time. @throws MalformedBody */
export function parseTime(name: string, text: string | null | undefined, now = Date.now()): Date | undefined {
  if (!text || text === "0") return undefined;
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return new Date(Number(text) * SECOND_MS);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text)
    return new Date(now - parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit!]!, 0));
  const time = new Date(/^\d{4}-\d\d-\d\d/.test(text) ? text : Number.NaN);
  if (Number.isNaN(time.getTime())) throw new MalformedBody(`invalid value for ${name}: ${JSON.stringify(text)} is no time`);
  return time;
}
