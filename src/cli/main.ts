#!/usr/bin/env node
/**
 * The command line `caisson`: a thin face over the engine contract. Imports none of the package statically, so that the bundler puts nothing
 * that others import into this file: whoever imports it runs it.
 */
import module from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

keepCompiledCode();
// A reader that goes away (`caisson images | head -1`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
void import("./run-command-line.js").then(async ({ runCommandLine }) => {
  // Not its streams, each of which costs milliseconds when it is first asked for: most commands have no use for stdin.
  process.exitCode = await runCommandLine(process.argv.slice(2), { terminal: process, environment: process.env });
});

/**
 * Compiling is most of what a short command does. In a directory of the user's own: code that is run is not taken from where others write.
 * From Node 22.1 on; without effect where the directory can't be written or NODE_DISABLE_COMPILE_CACHE is set.
 */
function keepCompiledCode(): void {
  const { enableCompileCache } = module as { readonly enableCompileCache?: (directory: string) => unknown };
  const caches = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  enableCompileCache?.(process.env["NODE_COMPILE_CACHE"] || join(caches, "caisson", "compiled"));
}
