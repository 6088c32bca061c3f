#!/bin/bash
# Exits with 0 when every named check passes. Usage: healthcheck.sh [--connect] [--innodb_initialized] [--su-mysql]
set -euo pipefail

answer() {
	mariadb --defaults-extra-file="${MYSQL_HEALTHCHECK_CNF:-/var/lib/mysql/.my-healthcheck.cnf}" --protocol "$1" --skip-column-names --batch -e "$2"
}

for check; do
	case $check in
	# Over TCP: the server that fills a new database does not listen there.
	--connect) answer tcp 'SELECT 1' >/dev/null ;;
	--innodb_initialized)
		[ "$(answer socket "SELECT 1 FROM information_schema.engines WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT', 'ENABLED')")" = 1 ]
		;;
	--su-mysql) ;; # the same for every user
	*)
		echo "unknown check: $check" >&2
		exit 1
		;;
	esac
done
