#!/bin/bash
# Entry point of the mariadb image, with the contract of Docker Hub's official one: makes the database at the first start
# (MARIADB_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD, MARIADB_RANDOM_ROOT_PASSWORD, MARIADB_ROOT_HOST,
# MARIADB_DATABASE, MARIADB_USER with MARIADB_PASSWORD or MARIADB_PASSWORD_HASH, MARIADB_INITDB_SKIP_TZINFO; each also as MYSQL_NAME, and
# as NAME_FILE), runs /docker-entrypoint-initdb.d, then becomes the server.
set -euo pipefail

readonly INIT_DIRECTORY=/docker-entrypoint-initdb.d

say() { printf '%s: %s\n' "$0" "$1"; }

fail() {
	printf 'Error: %s\n' "$1" >&2
	shift
	if [ $# -gt 0 ]; then printf '       %s\n' "$@" >&2; fi
	exit 1
}

# Sets MARIADB_NAME from the first of MARIADB_NAME, MYSQL_NAME and the files that MARIADB_NAME_FILE and MYSQL_NAME_FILE name.
read_variable() {
	local prefix value="" found="" name file
	for prefix in MARIADB MYSQL; do
		name=${prefix}_$1 file=${prefix}_$1_FILE
		if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then fail "both $name and $file are set: they exclude each other."; fi
		if [ -n "$found" ]; then continue; fi
		if [ -n "${!name:-}" ]; then
			value=${!name} found=$name
		elif [ -n "${!file:-}" ]; then
			value=$(<"${!file}") found=$file
		fi
	done
	export "MARIADB_$1=$value"
}

read_variables() {
	local name
	: "${MYSQL_ALLOW_EMPTY_ROOT_PASSWORD:=${MYSQL_ALLOW_EMPTY_PASSWORD:-}}"
	for name in ROOT_PASSWORD ROOT_PASSWORD_HASH ALLOW_EMPTY_ROOT_PASSWORD RANDOM_ROOT_PASSWORD ROOT_HOST \
		DATABASE USER PASSWORD PASSWORD_HASH INITDB_SKIP_TZINFO; do
		read_variable "$name"
	done
	MARIADB_ROOT_HOST=${MARIADB_ROOT_HOST:-%}
}

demand_password() {
	if [ -z "$MARIADB_ROOT_PASSWORD$MARIADB_ROOT_PASSWORD_HASH$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
		fail "Database is uninitialized and password option is not specified." \
			"Set MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD or MARIADB_RANDOM_ROOT_PASSWORD."
	fi
	if [ "$MARIADB_USER" = root ]; then fail "MARIADB_USER can't be root: its password is MARIADB_ROOT_PASSWORD."; fi
	if [ -n "$MARIADB_USER" ] && [ -z "$MARIADB_PASSWORD$MARIADB_PASSWORD_HASH" ]; then
		fail "MARIADB_USER needs MARIADB_PASSWORD or MARIADB_PASSWORD_HASH."
	fi
}

# DATADIR and SOCKET, as the configuration and the flags have them. A mistake in either shows here, before anything is made.
read_configuration() {
	local help
	if ! help=$("$@" --verbose --help 2>/tmp/configuration.log); then
		cat /tmp/configuration.log >&2
		fail "mariadbd does not take its configuration: $*"
	fi
	rm -f /tmp/configuration.log
	DATADIR=$(sed -n 's/^datadir  *//p' <<<"$help")
	SOCKET=$(sed -n 's/^socket  *//p' <<<"$help")
}

# As text in quotes.
quoted() {
	local text=${1//\\/\\\\}
	printf "'%s'" "${text//\'/\\\'}"
}

# As a name in backquotes.
named() { printf '`%s`' "${1//\`/\`\`}"; }

# How a user of a password, or else of a hash, is identified.
identified() {
	if [ -n "$1" ]; then
		printf 'IDENTIFIED BY %s' "$(quoted "$1")"
	elif [ -n "$2" ]; then
		printf 'IDENTIFIED BY PASSWORD %s' "$(quoted "$2")"
	fi
}

random_password() { head -c 24 /dev/urandom | base64 | tr -d '+/='; }

sql() { MYSQL_PWD=$PASSWORD mariadb --protocol=socket --socket="$SOCKET" --user=root --comments --binary-mode "$@"; }

# Nobody outside can reach the server while it is being filled: it listens on its unix socket alone.
begin_filling() {
	"$@" --skip-networking --default-time-zone=SYSTEM --wsrep-on=OFF --expire-logs-days=0 --skip-slave-start &
	SERVER=$!
	PASSWORD=""
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		if sql --execute 'SELECT 1' >/dev/null 2>&1; then return; fi
		if ! kill -0 "$SERVER" 2>/dev/null; then fail "the server ended while it was being filled."; fi
		sleep 0.05
	done
	fail "the server did not begin to answer."
}

end_filling() {
	kill -TERM "$SERVER"
	wait "$SERVER" || true
}

# How root is identified, everywhere.
root_identified() { identified "$MARIADB_ROOT_PASSWORD" "$MARIADB_ROOT_PASSWORD_HASH"; }

create_users() {
	local health host user database
	health=$(random_password)
	{
		echo "SET sql_log_bin = 0;"
		for host in 127.0.0.1 ::1 "$(hostname)"; do echo "DROP USER IF EXISTS root@$(quoted "$host");"; done
		if [ "$MARIADB_ROOT_HOST" != localhost ]; then
			host="root@$(quoted "$MARIADB_ROOT_HOST")"
			echo "CREATE USER $host $(root_identified);"
			echo "GRANT ALL ON *.* TO $host WITH GRANT OPTION; GRANT PROXY ON ''@'%' TO $host WITH GRANT OPTION;"
		fi
		if [ -n "$MARIADB_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS $(named "$MARIADB_DATABASE");"; fi
		if [ -n "$MARIADB_USER" ]; then
			user="$(quoted "$MARIADB_USER")@'%'"
			echo "CREATE USER $user $(identified "$MARIADB_PASSWORD" "$MARIADB_PASSWORD_HASH");"
			# In a grant, _ stands for any character.
			database=$(named "${MARIADB_DATABASE//_/\\_}")
			if [ -n "$MARIADB_DATABASE" ]; then echo "GRANT ALL ON $database.* TO $user;"; fi
		fi
		for host in 127.0.0.1 ::1 localhost; do echo "CREATE USER healthcheck@'$host' IDENTIFIED BY '$health';"; done
	} | sql --database mysql
	(umask 0077 && printf '[mariadb-client]\nuser=healthcheck\npassword=%s\nport=%s\nsocket=%s\n' \
		"$health" "${MYSQL_TCP_PORT:-3306}" "$SOCKET" >"$DATADIR/.my-healthcheck.cnf")
}

# Until here root gets in from inside without a password.
lock_root() {
	if [ -n "$(root_identified)" ]; then sql --execute "SET sql_log_bin = 0; ALTER USER root@localhost $(root_identified)"; fi
	PASSWORD=$MARIADB_ROOT_PASSWORD
}

run_init_files() {
	local file
	for file in "$INIT_DIRECTORY"/*; do
		case $file in
		*.sh)
			say "running $file"
			if [ -x "$file" ]; then
				"$file"
			else
				# shellcheck disable=SC1090
				. "$file"
			fi
			;;
		*.sql) say "running $file" && fill <"$file" ;;
		*.sql.gz) say "running $file" && gunzip -c "$file" | fill ;;
		*.sql.xz) say "running $file" && xzcat "$file" | fill ;;
		*.sql.zst) say "running $file" && zstd -dc "$file" | fill ;;
		*) say "ignoring $file" ;;
		esac
	done
}

fill() { sql ${MARIADB_DATABASE:+--database="$MARIADB_DATABASE"}; }

has_init_files() {
	[ -n "$(find "$INIT_DIRECTORY" -mindepth 1 -maxdepth 1 -print -quit 2>/dev/null)" ]
}

initialise() {
	demand_password
	say "initialising $DATADIR"
	mariadb-install-db --datadir="$DATADIR" --rpm --auth-root-authentication-method=normal --skip-test-db \
		--default-time-zone=SYSTEM --skip-log-bin --expire-logs-days=0 "${@:2}" >/dev/null
	begin_filling "$@"
	if [ -z "$MARIADB_INITDB_SKIP_TZINFO" ]; then mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2>/dev/null | sql --database mysql; fi
	if [ -n "$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
		MARIADB_ROOT_PASSWORD=$(random_password)
		say "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
	fi
	create_users
	# Scripts may ask for the password, or can't know it where only its hash is given.
	if [ -n "$MARIADB_ROOT_PASSWORD" ]; then lock_root; fi
	if has_init_files; then run_init_files; fi
	if [ -z "$MARIADB_ROOT_PASSWORD" ]; then lock_root; fi
	end_filling
	say "MariaDB init process done. Ready for start up."
}

wants_help() {
	local argument
	for argument; do
		case $argument in -'?' | --help | --print-defaults | -V | --version) return 0 ;; esac
	done
	return 1
}

if [ "${1:-}" = "" ] || [ "${1:0:1}" = - ]; then set -- mariadbd "$@"; fi
if { [ "$1" = mariadbd ] || [ "$1" = mysqld ]; } && ! wants_help "$@"; then
	read_configuration "$@"
	if [ "$(id -u)" = 0 ]; then
		mkdir -p "$DATADIR" "$(dirname "$SOCKET")"
		find "$DATADIR" "$(dirname "$SOCKET")" ! -user mysql -exec chown mysql: {} +
		exec setpriv --reuid mysql --regid mysql --init-groups -- "$0" "$@"
	fi
	if [ ! -d "$DATADIR/mysql" ]; then
		read_variables
		initialise "$@"
	fi
fi
exec "$@"
