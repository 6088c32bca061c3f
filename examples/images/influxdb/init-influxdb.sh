#!/bin/bash
# Fills a new InfluxDB, while nobody outside can reach it: INFLUXDB_DB, INFLUXDB_ADMIN_USER and _PASSWORD, users of the database
# (INFLUXDB_USER, INFLUXDB_READ_USER, INFLUXDB_WRITE_USER, each with _PASSWORD), then /docker-entrypoint-initdb.d.
set -euo pipefail

readonly INIT_DIRECTORY=/docker-entrypoint-initdb.d
readonly PORT=${INFLUXDB_INIT_PORT:-8086}

authenticated=${INFLUXDB_HTTP_AUTH_ENABLED:-false}
admin=${INFLUXDB_ADMIN_USER:-}
database=${INFLUXDB_DB:-}

random_password() {
	head -c 24 /dev/urandom | base64 | tr -d '+/='
}

# The password of a variable, or a new one that the log tells.
password_of() {
	local variable=$1 user=$2 password=${!1:-}
	if [ -z "$password" ]; then
		password=$(random_password)
		echo "$variable:$password ($user)" >&2
	fi
	printf '%s' "$password"
}

quoted() { printf "'%s'" "${1//\'/\\\'}"; }

query() {
	influx -host 127.0.0.1 -port "$PORT" "${credentials[@]}" -execute "$1"
}

has_init_files() {
	[ -n "$(find "$INIT_DIRECTORY" -mindepth 1 -maxdepth 1 -print -quit 2>/dev/null)" ]
}

create_users() {
	local password kind variable user grant
	if [ -n "$admin" ]; then
		password=$(password_of INFLUXDB_ADMIN_PASSWORD "$admin")
		query "CREATE USER \"$admin\" WITH PASSWORD $(quoted "$password") WITH ALL PRIVILEGES"
		credentials=(-username "$admin" -password "$password")
	fi
	if [ -n "$database" ]; then query "CREATE DATABASE \"$database\""; fi
	for kind in USER:ALL READ_USER:READ WRITE_USER:WRITE; do
		variable=INFLUXDB_${kind%:*}
		grant=${kind#*:}
		user=${!variable:-}
		if [ -z "$user" ]; then continue; fi
		password=$(password_of "${variable}_PASSWORD" "$user")
		query "CREATE USER \"$user\" WITH PASSWORD $(quoted "$password")"
		if [ -n "$database" ]; then query "GRANT $grant ON \"$database\" TO \"$user\""; fi
	done
}

run_init_files() {
	local file
	for file in "$INIT_DIRECTORY"/*; do
		case $file in
		*.sh)
			echo "$0: running $file"
			# shellcheck disable=SC1090
			. "$file"
			;;
		*.iql)
			echo "$0: running $file"
			query "$(<"$file")"
			;;
		*) echo "$0: ignoring $file" ;;
		esac
	done
}

if [ -e /var/lib/influxdb/meta/meta.db ]; then exit 0; fi
if [ -z "$admin$database" ] && ! has_init_files; then exit 0; fi
if [ "$authenticated" = true ] && [ -z "$admin" ]; then
	echo "Error: INFLUXDB_HTTP_AUTH_ENABLED wants an INFLUXDB_ADMIN_USER: without one nobody gets in." >&2
	exit 1
fi

INFLUXDB_HTTP_BIND_ADDRESS=127.0.0.1:$PORT INFLUXDB_HTTP_HTTPS_ENABLED=false influxd "$@" &
server=$!
credentials=()
for ((tries = 0; ; tries++)); do
	if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then break; fi
	if ! kill -0 "$server" 2>/dev/null || [ "$tries" -ge 300 ]; then
		echo "Error: influxd did not begin to answer." >&2
		exit 1
	fi
	sleep 0.1
done
create_users
if has_init_files; then run_init_files; fi
kill -TERM "$server"
wait "$server" || [ $? = 143 ]
