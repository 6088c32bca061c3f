#!/bin/sh
# Imports the tar of build.sh with the official image's configuration.
# Usage: import.sh INPUT.tar [NAME]; CAISSON is the command line to use, by default the built one.
set -eu
input=${1:?usage: import.sh INPUT.tar [NAME]}
root=$(cd "$(dirname "$0")/../../.." && pwd)
exec ${CAISSON:-node "$root/dist/cli/main.js"} import \
	--change 'ENV LANG=C.UTF-8 PGDATA=/var/lib/postgresql/data PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
	--change 'VOLUME /var/lib/postgresql/data' \
	--change 'ENTRYPOINT ["docker-entrypoint.sh"]' \
	--change 'CMD ["postgres"]' \
	--change 'EXPOSE 5432' \
	--change 'STOPSIGNAL SIGINT' \
	--message "Debian's postgresql with the official image's contract" \
	"$input" "${2:-postgres}"
