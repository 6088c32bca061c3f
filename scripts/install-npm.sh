#!/bin/sh
# Installs the npm packages unless they are there.
# Not `npm ci`: it insists on the optional packages of every platform in the lock file, which a registry mirror may lack.
set -eu
cd "$(dirname "$0")/.."
[ node_modules/.package-lock.json -nt package-lock.json ] || npm install --no-save --no-audit --no-fund
