/** Small files of the host, read at once. */
import { readFileSync } from "node:fs";

/** Empty where there is none, or none that this user may read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
