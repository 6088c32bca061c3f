#!/bin/sh
# Entry point of the nginx image: before nginx begins, runs what is executable in /docker-entrypoint.d, and reads *.envsh into its environment.
set -eu

say() {
	if [ -z "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then echo "$0: $*"; fi
}

case ${1:-} in
nginx | nginx-debug)
	for file in /docker-entrypoint.d/*; do
		if [ ! -x "$file" ]; then
			say "ignoring $file, which is not executable"
			continue
		fi
		case $file in
		*.envsh)
			say "reading $file"
			# shellcheck disable=SC1090
			. "$file"
			;;
		*.sh)
			say "running $file"
			"$file"
			;;
		*) say "ignoring $file" ;;
		esac
	done
	say "configuration complete; ready for start up"
	;;
esac
exec "$@"
