#!/bin/sh
# Entry point of the redis image: flags and configuration files go to redis-server, which runs as the user redis.
set -eu

case ${1:-} in
'' | -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
	find . ! -user redis -exec chown redis {} +
	exec setpriv --reuid redis --regid redis --init-groups -- "$0" "$@"
fi

# Whether the user says it already, as a flag or in the configuration file.
says_protected_mode() {
	for argument; do
		case $argument in
		--protected-mode) return 0 ;;
		*.conf) if grep -qi '^ *protected-mode' "$argument" 2>/dev/null; then return 0; fi ;;
		esac
	done
	return 1
}

if [ "$1" = redis-server ]; then
	if [ "$(umask)" = 0022 ]; then umask 0077; fi
	case " $* " in
	*' --version '* | *' -v '* | *' --help '* | *' -h '* | *' --check-system '*) ;;
	# Debian's server lets nobody in from outside until there is a password; the official image's does.
	*) if ! says_protected_mode "$@"; then set -- "$@" --protected-mode no; fi ;;
	esac
fi
exec "$@"
