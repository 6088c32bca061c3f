#!/bin/sh
# Kills and starves what containers rely on, and counts what is left. Arguments go to test/chaos/main.ts: --rounds N --seed N --only NAME,...
set -eu
cd "$(dirname "$0")/.."
scripts/install-packages.sh gcc make libc6-dev busybox-static docker-registry util-linux faketime
scripts/install-npm.sh
make -s -C native
npx tsdown --logLevel error
# What the package bundles is found in node_modules here: in chunks of its own the bundler gets its order wrong.
npx tsdown test/chaos/main.ts --no-config --format esm --no-dts --logLevel error --out-dir .cache/chaos \
	--external dns-packet --external p-retry --external tar-stream --external unbzip2-stream --external xz-decompress
CAISSON_SUPERVISOR=$PWD/native/build/caisson-supervisor exec node .cache/chaos/main.*js "$@"
