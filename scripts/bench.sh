#!/bin/sh
# Measures Caisson beside testcontainers-node on dockerd. Arguments go to test/bench/main.ts: --only NAME,... --runs N --json FILE --no-peers
set -eu
cd "$(dirname "$0")/.."
mkdir -p .cache/bench
scripts/install-packages.sh gcc make libc6-dev busybox-static docker.io docker-registry uidmap passwd
scripts/install-npm.sh
make -s -C native
npx tsdown --logLevel error
# What the package bundles is found in node_modules here: in chunks of its own the bundler gets its order wrong.
npx tsdown test/bench/main.ts --no-config --format esm --no-dts --logLevel error --out-dir .cache/bench/bundle \
	--external dns-packet --external p-retry --external tar-stream --external unbzip2-stream --external xz-decompress
CAISSON_SUPERVISOR=$PWD/native/build/caisson-supervisor exec node .cache/bench/bundle/main.*js "$@"
