#!/bin/sh
# The root file system of the postgres image in .cache, built once, and again when its recipe has changed.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .cache/images
tar=.cache/images/postgres.tar
recipe=examples/images/postgres
if [ ! -e "$tar" ] || [ "$recipe/build.sh" -nt "$tar" ] || [ "$recipe/docker-entrypoint.sh" -nt "$tar" ]; then
	scripts/install-packages.sh mmdebstrap
	echo "bootstrapping Debian with postgresql (half a minute)"
	"$recipe/build.sh" "$tar"
fi
