import type { Stats } from "node:fs";

/** As the C library's major(3) and minor(3) take a device number apart. */
export function numbersOf(found: Stats): { readonly type: "c" | "b"; readonly major: number; readonly minor: number } {
  const device = BigInt(found.rdev);
  return {
    type: found.isBlockDevice() ? "b" : "c",
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
