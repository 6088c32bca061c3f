#!/bin/sh
# Entry point of the memcached image: flags go to memcached.
set -eu
case ${1:-} in
'' | -*) set -- memcached "$@" ;;
esac
exec "$@"
