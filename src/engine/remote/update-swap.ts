/** Swap of a container whose memory limit changes. Pure. */
import type { ResourceLimits } from "../engine.js";

/** What of a container's `HostConfig` counts. */
export interface MemoryJson {
  readonly Memory?: number;
  readonly MemorySwap?: number;
}

/**
 * dockerd works the default out when a container is made, once: a larger limit on memory than that is refused, and a smaller one would
 * leave more swap than the contract says. What was set by somebody stays.
 */
export function withSwap(wanted: ResourceLimits, { Memory = 0, MemorySwap = 0 }: MemoryJson): ResourceLimits {
  if (wanted.memoryBytes === undefined || wanted.memorySwapBytes !== undefined) return wanted;
  const chosen = MemorySwap !== 0 && MemorySwap !== Memory * 2;
  return chosen ? wanted : { ...wanted, memorySwapBytes: wanted.memoryBytes * 2 };
}
