#!/usr/bin/env node
/**
 * The command line `caisson`: a thin face over the engine contract. Imports statically nothing, so that the bundler puts nothing that
 * others import into this file: whoever imports it runs it.
 */
const { stdin, stdout, stderr } = process;
// A reader that goes away (`caisson images | head -1`) is no failure.
stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
void import("./run-command-line.js").then(async ({ runCommandLine }) => {
  process.exitCode = await runCommandLine(process.argv.slice(2), { terminal: { stdin, stdout, stderr }, environment: process.env });
});
