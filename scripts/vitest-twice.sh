#!/bin/sh
# Runs tests; files with failed tests run once more, alone. A machine that others share may be too busy for a test in company; what fails
# alone, too, has failed. The summary names both. Usage: vitest-twice.sh RESULTS.json SECOND.json ARGUMENT...
set -eu
cd "$(dirname "$0")/.."
results=$1 second=$2
shift 2
rm -f "$results" "$second"
run() { node node_modules/vitest/vitest.mjs run --reporter=default --reporter=./scripts/results-reporter.mjs "$@"; }
RESULTS_FILE=$results run "$@" && exit
files=$(node scripts/failed-files.mjs "$results") || exit
printf '\n-- once more, alone: %s\n' "$files"
# shellcheck disable=SC2086 # a list of paths without spaces
RESULTS_FILE=$second run --no-file-parallelism $files
