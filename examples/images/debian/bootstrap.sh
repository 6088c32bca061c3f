#!/bin/sh
# Writes the root file system of a small Debian as tar, what Docker Hub calls debian:bookworm-slim: apt, no documentation, no translations.
# Usage: bootstrap.sh OUTPUT.tar [MIRROR [SECURITY-MIRROR]]
set -eu
output=${1:?usage: bootstrap.sh OUTPUT.tar [MIRROR [SECURITY-MIRROR]]}
mirror=${2:-http://deb.debian.org/debian}
security=${3:-http://deb.debian.org/debian-security}
suite=bookworm

# A mirror that is asked over TLS must be recognised: RUN steps then need the host's authorities (caisson build --host-certificates).
authorities=""
case $mirror$security in *https:*) authorities=,ca-certificates ;; esac

partial=$output.partial
log=$output.log
trap 'rm -f "$partial"' EXIT
# Licences stay, and the directories of manual pages: packages' scripts put links there. What is installed need not survive a power cut.
mmdebstrap --variant=minbase --format=tar --skip=output/dev \
	--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include="usr-is-merged$authorities" \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/man/*/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/locale/locale.alias' \
	--dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
	--customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"' \
	"$suite" "$partial" "deb $mirror $suite main" "deb $mirror $suite-updates main" "deb $security $suite-security main" \
	>"$log" 2>&1 || {
	tail -n 40 "$log" >&2
	exit 1
}
# The place for devices, without any.
tar --append --file="$partial" --owner=0 --group=0 --mode=0755 --no-recursion --directory=/ ./dev
mv "$partial" "$output"
rm -f "$log"
