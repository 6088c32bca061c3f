/** Paths that things are mounted on. Pure text: what links make of them is the supervisor's to find out, inside the root. */
import path from "node:path";

/** `/data/` and `/a/../data` are `/data`. */
export function cleanTarget(target: string): string {
  const clean = path.posix.normalize(target);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}

/** As operations and requests take it: relative to the root. A trailing slash stays, since it means "follow the link". */
export function inRoot(target: string): string {
  return target.replace(/^\/+/, "");
}

export function depth(target: string): number {
  return target.split("/").filter(Boolean).length;
}

/** Strictly below. */
export function isBelow(target: string, above: string): boolean {
  return target.startsWith(above.endsWith("/") ? above : `${above}/`);
}

/** What may be mounted on in /proc, as with runc: files that tell about the machine. */
const PROC_FILES: ReadonlySet<string> = new Set(
  ["cpuinfo", "diskstats", "loadavg", "meminfo", "net/dev", "slabinfo", "stat", "swaps", "uptime"].map((name) => `/proc/${name}`),
);

export function isProcFile(target: string): boolean {
  return PROC_FILES.has(target);
}
