/** Moments as docker's flags write them: a date, seconds since 1970, or a duration before now. Pure. */
import { parseTime } from "../engine/docker-api/times.js";
import { UsageError } from "./usage.js";

export const SINCE_OPTION = {
  type: "string",
  value: "TIME",
  help: "from this time on: a date, or a duration before now such as 10m",
} as const;
export const UNTIL_OPTION = { type: "string", value: "TIME", help: "up to this time" } as const;

/** @throws UsageError */
export function parseMoment(option: string, text: string | undefined): Date | undefined {
  try {
    return parseTime(option, text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
