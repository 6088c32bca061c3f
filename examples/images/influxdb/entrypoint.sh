#!/bin/bash
# Entry point of the influxdb image: flags go to influxd, which is filled at its first start (init-influxdb.sh).
set -euo pipefail
if [ "${1:-}" = "" ] || [ "${1:0:1}" = - ]; then set -- influxd "$@"; fi
if [ "$1" = influxd ]; then
	export INFLUXDB_CONFIG_PATH=${INFLUXDB_CONFIG_PATH:-/etc/influxdb/influxdb.conf}
	/init-influxdb.sh "${@:2}"
fi
exec "$@"
