import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** How much longer than on a machine of its own anything may take: an emulated one is slow. */
const patience = Number(process.env["CAISSON_TEST_PATIENCE"] ?? 1);

/** What talks to a real kernel: containers of two files at a time. The limits end what hangs; a busy machine must not reach them. */
const real = {
  sequence: { groupOrder: 1 },
  pool: "forks",
  maxWorkers: 2,
  testTimeout: 120_000 * patience,
  hookTimeout: 120_000 * patience,
} as const;

/** These take a minute and more. Begun at last, each would keep one worker waiting. */
const LONG = ["tour", "chaos", "restricted-hosts", "housekeeping-commands", "differential/builds", "long-lived", "compose-command"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => (LONG.some((name) => moduleId.includes(name)) ? 0 : 1);
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Unit tests need nothing but Node; the others need root, Linux and the built supervisor (`scripts/test.sh` sees to both). */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "unit", sequence: { groupOrder: 0 }, include: ["test/unit/**/*.test.ts"] } },
      { test: { name: "contract", include: ["test/contract/**/*.test.ts"], globalSetup: "test/contract/daemon-keeper.ts", ...real } },
      { test: { name: "differential", include: ["test/differential/**/*.test.ts"], ...real } },
      { test: { name: "integration", include: ["test/integration/**/*.test.ts"], ...real } },
    ],
  },
});
