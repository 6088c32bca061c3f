#!/bin/sh
# Prints where this machine's apt gets Debian from, or with `security` its security updates; where it does not say so, Debian's own address.
# Usage: debian-mirror.sh [security]
set -eu
kind=${1:-}
if grep -q '^ID=debian' /etc/os-release; then
	mirrors=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p')
	case $kind in
	security) mirror=$(printf '%s\n' "$mirrors" | grep security | head -n 1) ;;
	*) mirror=$(printf '%s\n' "$mirrors" | grep -v security | head -n 1) ;;
	esac
fi
echo "${mirror:-http://deb.debian.org/debian${kind:+-$kind}}"
