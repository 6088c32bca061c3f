/** InvalidBaseImagePlatform. */

import { formatPlatform, type Platform, parsePlatform } from "../../oci/platform.js";
import type { InstructionOf } from "../instructions.js";
import { type Finding, inFile, quoted } from "./finding.js";

/** @param image as FROM names it */
export function checkBasePlatform(from: InstructionOf<"FROM">, image: string, expected: Platform, actual: Platform): Finding[] {
  if (expected.os === actual.os && expected.architecture === actual.architecture) return [];
  const [wanted, found] = [expected, actual].map((platform) => quoted(formatPlatform(parsePlatform(formatPlatform(platform)))));
  const message = `Base image ${image} was pulled with platform ${found}, expected ${wanted} for current build`;
  return [inFile(from, "InvalidBaseImagePlatform", message)];
}
