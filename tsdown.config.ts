import { defineConfig, type UserConfig } from "tsdown";

const LIBRARY = {
  index: "src/index.ts",
  "engine/index": "src/engine/index.ts",
  "engine/watch": "src/engine/remote/lifetime/watch.ts",
};

/** `src/package-root.ts` uses import.meta.url, which the CommonJS build gets as a shim. */
const common: UserConfig = {
  // Maps would be half of the package, and embed sources that are not minified anyway.
  dts: { sourcemap: false },
  sourcemap: false,
  shims: true,
  platform: "node",
  target: "node20",
  // Bundled instead of installed: tar-stream would bring 6 MB of modules for another runtime along, unbzip2-stream those for
  // browsers, yaml two more builds of itself, and p-retry is ESM alone.
  inlineOnly: [
    "@leichtgewicht/ip-codec",
    "b4a",
    "dns-packet",
    "events-universal",
    "fast-fifo",
    "is-network-error",
    "p-retry",
    "streamx",
    "tar-stream",
    "text-decoder",
    "through",
    "unbzip2-stream",
    "xz-decompress",
    "yaml",
  ],
  outDir: "dist",
  fixedExtension: false,
};

export default defineConfig([
  { ...common, format: "esm", entry: LIBRARY },
  // Nobody imports the command line: `bin` names the one that starts sooner.
  { ...common, format: "cjs", entry: { ...LIBRARY, "cli/main": "src/cli/main.ts" } },
]);
