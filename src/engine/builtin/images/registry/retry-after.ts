/** `Retry-After` (RFC 9110 section 10.2.3): seconds or a date. Pure. */

/** Milliseconds from `now`, or undefined when the header is missing or can't be read. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
