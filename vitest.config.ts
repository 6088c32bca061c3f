import { defineConfig } from "vitest/config";

/** Unit tests need nothing but Node; integration tests need root, Linux and the built supervisor (`scripts/test.sh` sees to both). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", sequence: { groupOrder: 0 }, include: ["test/unit/**/*.test.ts"] } },
      {
        test: {
          name: "integration",
          include: ["test/contract/**/*.test.ts", "test/integration/**/*.test.ts"],
          sequence: { groupOrder: 1 },
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
