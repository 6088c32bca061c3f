#!/bin/bash
# Entry point of the postgres image, with the contract of Docker Hub's official one: initialises PGDATA at the first start
# (POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS, POSTGRES_INITDB_WALDIR, POSTGRES_HOST_AUTH_METHOD;
# each but the last also as NAME_FILE), runs /docker-entrypoint-initdb.d, then becomes the server.
set -euo pipefail

readonly INIT_DIRECTORY=/docker-entrypoint-initdb.d

fail() {
	printf 'Error: %s\n' "$1" >&2
	shift
	if [ $# -gt 0 ]; then printf '       %s\n' "$@" >&2; fi
	exit 1
}

# NAME, or the content of the file that NAME_FILE names, or the default.
from_file_or_variable() {
	local name=$1 default=${2:-} file_variable=$1_FILE
	local value=${!name:-} file=${!file_variable:-}
	if [ -n "$value" ] && [ -n "$file" ]; then fail "both $name and $file_variable are set: they exclude each other."; fi
	if [ -n "$file" ]; then value=$(<"$file"); fi
	export "$name=${value:-$default}"
	unset "$file_variable"
}

prepare_directories() {
	mkdir -p "$PGDATA" /run/postgresql ${POSTGRES_INITDB_WALDIR:+"$POSTGRES_INITDB_WALDIR"}
	chmod 0700 "$PGDATA" || true
	chmod 3777 /run/postgresql || true
	if [ "$(id -u)" = 0 ]; then
		find "$PGDATA" /run/postgresql ${POSTGRES_INITDB_WALDIR:+"$POSTGRES_INITDB_WALDIR"} ! -user postgres -exec chown postgres:postgres {} +
	fi
}

demand_password() {
	if [ "$POSTGRES_HOST_AUTH_METHOD" = trust ]; then
		printf '%s\n' "WARNING: POSTGRES_HOST_AUTH_METHOD is \"trust\": whoever reaches the port gets in without a password." >&2
	elif [ -z "$POSTGRES_PASSWORD" ]; then
		fail "Database is uninitialized and superuser password is not specified." \
			"Set POSTGRES_PASSWORD (or POSTGRES_PASSWORD_FILE) to a password for the superuser," \
			"or POSTGRES_HOST_AUTH_METHOD=trust to let everybody in without one."
	fi
}

# initdb wants a name for the user that it runs as, who has none where `--user` is any number.
name_user() {
	if getent passwd "$(id -u)" >/dev/null; then return; fi
	NSS_WRAPPER_PASSWD=$(mktemp) NSS_WRAPPER_GROUP=$(mktemp) LD_PRELOAD=libnss_wrapper.so
	export NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP LD_PRELOAD
	printf 'postgres:x:%s:%s:PostgreSQL:%s:/bin/false\n' "$(id -u)" "$(id -g)" "$PGDATA" >"$NSS_WRAPPER_PASSWD"
	printf 'postgres:x:%s:\n' "$(id -g)" >"$NSS_WRAPPER_GROUP"
}

unname_user() {
	if [ -z "${NSS_WRAPPER_PASSWD:-}" ]; then return; fi
	rm -f "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
	unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

create_cluster() {
	local arguments=()
	if [ -n "$POSTGRES_INITDB_ARGS" ]; then eval "arguments=($POSTGRES_INITDB_ARGS)"; fi
	if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then arguments+=(--waldir "$POSTGRES_INITDB_WALDIR"); fi
	# A file descriptor, not a file: the password stays out of the container's file system.
	if [ -n "$POSTGRES_PASSWORD" ]; then
		initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
	else
		initdb --username="$POSTGRES_USER" "${arguments[@]}"
	fi
	local method=$POSTGRES_HOST_AUTH_METHOD
	if [ -z "$method" ]; then method=$(postgres -C password_encryption "$@"); fi
	printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

sql() {
	PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" "$@"
}

run_init_files() {
	local file
	for file in "$INIT_DIRECTORY"/*; do
		case $file in
		*.sh)
			printf '%s: running %s\n' "$0" "$file"
			if [ -x "$file" ]; then
				"$file"
			else
				# shellcheck disable=SC1090
				. "$file"
			fi
			;;
		*.sql) printf '%s: running %s\n' "$0" "$file" && sql --dbname "$POSTGRES_DB" -f "$file" ;;
		*.sql.gz) printf '%s: running %s\n' "$0" "$file" && gunzip -c "$file" | sql --dbname "$POSTGRES_DB" ;;
		*.sql.xz) printf '%s: running %s\n' "$0" "$file" && xzcat "$file" | sql --dbname "$POSTGRES_DB" ;;
		*.sql.zst) printf '%s: running %s\n' "$0" "$file" && zstd -dc "$file" | sql --dbname "$POSTGRES_DB" ;;
		*) printf '%s: ignoring %s\n' "$0" "$file" ;;
		esac
	done
}

has_init_files() {
	[ -n "$(find "$INIT_DIRECTORY" -mindepth 1 -maxdepth 1 -print -quit 2>/dev/null)" ]
}

# Nobody outside can reach the server while it is being filled: it listens on its unix socket alone.
fill_database() {
	export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
	pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p ${PGPORT:-5432}" -w start
	if ! sql --dbname postgres -tAc "SELECT 1 FROM pg_database WHERE datname = '${POSTGRES_DB//\'/\'\'}'" | grep -q 1; then
		sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
	fi
	if has_init_files; then run_init_files; fi
	pg_ctl -D "$PGDATA" -m fast -w stop
	unset PGPASSWORD
}

initialise() {
	from_file_or_variable POSTGRES_PASSWORD
	from_file_or_variable POSTGRES_USER postgres
	from_file_or_variable POSTGRES_DB "$POSTGRES_USER"
	from_file_or_variable POSTGRES_INITDB_ARGS
	: "${POSTGRES_HOST_AUTH_METHOD:=}"
	demand_password
	name_user
	create_cluster "$@"
	unname_user
	if [ "$POSTGRES_DB" != postgres ] || has_init_files; then fill_database; fi
	printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

wants_help() {
	local argument
	for argument; do
		case $argument in -'?' | --help | --describe-config | -V | --version) return 0 ;; esac
	done
	return 1
}

if [ "${1:-}" = "" ] || [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ] && ! wants_help "$@"; then
	prepare_directories
	if [ "$(id -u)" = 0 ]; then exec setpriv --reuid postgres --regid postgres --init-groups -- "$0" "$@"; fi
	if [ ! -s "$PGDATA/PG_VERSION" ]; then
		shift
		initialise "$@"
		set -- postgres "$@"
	fi
fi
exec "$@"
