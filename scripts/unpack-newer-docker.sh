#!/bin/sh
# Unpacks Docker of a newer Debian into DIRECTORY, beside whatever is installed: its BuildKit is what builds are compared with.
# Usage: unpack-newer-docker.sh DIRECTORY [SUITE]; the suite is trixie unless another one is named.
set -eu
directory=${1:?usage: unpack-newer-docker.sh DIRECTORY [SUITE]}
suite=${2:-trixie}
if [ -e "$directory/usr/bin/docker" ]; then exit 0; fi

mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' | grep -v security | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs" "$work/root"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
apt() {
	apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$work/lists" \
		-o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@"
}
apt update
(cd "$work/debs" && apt download docker.io docker-cli docker-buildx)
for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$work/root" 2>/dev/null || dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/root" --exclude='./usr/share'; done
mkdir -p "$(dirname "$directory")"
mv "$work/root" "$directory"
