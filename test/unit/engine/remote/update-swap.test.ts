import { expect, it } from "vitest";
import { withSwap } from "../../../../src/engine/remote/update-swap.js";

it.each([
  ["follows memory where nobody chose", { memoryBytes: 200 }, { Memory: 100, MemorySwap: 200 }, 400],
  ["follows memory where there was no limit", { memoryBytes: 200 }, { Memory: 0, MemorySwap: 0 }, 400],
  ["stays where somebody chose", { memoryBytes: 200 }, { Memory: 100, MemorySwap: 300 }, undefined],
  ["stays without a limit", { memoryBytes: 200 }, { Memory: 100, MemorySwap: -1 }, undefined],
  ["is what was asked for", { memoryBytes: 200, memorySwapBytes: 250 }, { Memory: 100, MemorySwap: 200 }, 250],
  ["is left alone with memory", { pids: 3 }, { Memory: 100, MemorySwap: 200 }, undefined],
])("swap %s", (_, wanted, before, swap) => {
  expect(withSwap(wanted, before).memorySwapBytes).toBe(swap);
});
