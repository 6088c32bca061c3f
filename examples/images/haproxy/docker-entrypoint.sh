#!/bin/sh
# Entry point of the haproxy image: flags go to haproxy, which stays in the foreground as a master with a worker, so that it can reload.
set -eu
case ${1:-} in
'' | -*) set -- haproxy "$@" ;;
esac
if [ "$1" = haproxy ]; then
	shift
	set -- haproxy -W -db "$@"
fi
exec "$@"
