#!/bin/sh
# From a fresh clone to a Postgres that answers: packages, build, image, example. The image stays in the store for the next time.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .cache

if ! { command -v cc && command -v make; } >/dev/null; then scripts/install-packages.sh gcc make libc6-dev; fi
scripts/install-npm.sh
make -s -C native
[ dist/cli/main.cjs -nt package.json ] && [ -z "$(find src -newer dist/cli/main.cjs -name '*.ts' -print -quit)" ] || npx tsdown --logLevel error

caisson="node dist/cli/main.cjs"
if ! $caisson image inspect postgres >/dev/null 2>&1; then
	if ! $caisson pull postgres; then
		echo "no registry: the image is built here, from Debian's packages"
		node scripts/images.mjs postgres
	fi
fi
exec node examples/postgres.mjs
