#!/usr/bin/env node
/** The command line `caisson`: a thin face over the engine contract. */
import { runCommandLine } from "./run-command-line.js";

const { stdin, stdout, stderr } = process;
// A reader that goes away (`caisson images | head -1`) is no failure.
stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
void runCommandLine(process.argv.slice(2), { terminal: { stdin, stdout, stderr }, environment: process.env }).then((code) => {
  process.exitCode = code;
});
