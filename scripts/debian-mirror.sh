#!/bin/sh
# Prints where this machine's apt gets Debian from, or with `security` its security updates. DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR
# come first: for machines whose apt gets something else.
# Usage: debian-mirror.sh [security]
set -eu
kind=${1:-}
case $kind in
security) mirror=${DEBIAN_SECURITY_MIRROR:-} ;;
*) mirror=${DEBIAN_MIRROR:-} ;;
esac
if [ -z "$mirror" ] && grep -q '^ID=debian' /etc/os-release; then
	mirrors=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p')
	case $kind in
	security) mirror=$(printf '%s\n' "$mirrors" | grep security | head -n 1) ;;
	*) mirror=$(printf '%s\n' "$mirrors" | grep -v security | head -n 1) ;;
	esac
fi
if [ -z "$mirror" ]; then
	echo "apt of this machine names no source of Debian${kind:+, $kind}: set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR to their URLs" >&2
	exit 1
fi
echo "$mirror"
