import { defineConfig } from "tsdown";

/** `src/package-root.ts` uses import.meta.url, which the CommonJS build gets as a shim. */
export default defineConfig({
  entry: { index: "src/index.ts", "engine/index": "src/engine/index.ts", "cli/main": "src/cli/main.ts" },
  format: ["esm", "cjs"],
  dts: true,
  shims: true,
  platform: "node",
  target: "node20",
  outDir: "dist",
  fixedExtension: false,
});
