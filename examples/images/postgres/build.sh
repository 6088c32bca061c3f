#!/bin/sh
# Writes the root file system of a postgres image, as tar: Debian's smallest base system and its postgresql, bootstrapped by mmdebstrap.
# Usage: build.sh OUTPUT.tar
set -eu
output=${1:?usage: build.sh OUTPUT.tar}
here=$(cd "$(dirname "$0")" && pwd)
export here

# Where this machine is a Debian, its own sources; else those that mmdebstrap knows.
sources=""
suite=stable
if [ -e /etc/debian_version ] && grep -q '^ID=debian' /etc/os-release; then
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
		if [ -s "$file" ]; then sources=$file && break; fi
	done
fi

partial=$output.partial
trap 'rm -f "$partial"' EXIT
mmdebstrap --quiet --variant=minbase --format=tar --include=postgresql,xz-utils,zstd \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"' \
	--customize-hook='install -m 0755 "$here/docker-entrypoint.sh" "$1/usr/local/bin/"' \
	--customize-hook='mkdir -m 0755 "$1/docker-entrypoint-initdb.d"' \
	--customize-hook='cd "$1/usr/local/bin" && for file in ../../lib/postgresql/*/bin/*; do ln -sf "$file" .; done' \
	--customize-hook='sed -i "s/^#listen_addresses = .*/listen_addresses = '"'*'"'/" "$1"/usr/share/postgresql/*/postgresql.conf.sample' \
	--customize-hook='chroot "$1" install -d -o postgres -g postgres -m 3777 /run/postgresql' \
	--customize-hook='chroot "$1" install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data' \
	--customize-hook='rm -rf "$1/var/lib/apt/lists" "$1/var/cache/apt" "$1/etc/resolv.conf" "$1/etc/hostname"' \
	"$suite" "$partial" $sources
mv "$partial" "$output"
