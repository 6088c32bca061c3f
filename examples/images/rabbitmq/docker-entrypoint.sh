#!/bin/bash
# Entry point of the rabbitmq image: runs as the user rabbitmq. The server itself reads RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS,
# RABBITMQ_DEFAULT_VHOST and its other variables.
set -euo pipefail

if [[ ${1:-} == rabbitmq* ]] && [ "$(id -u)" = 0 ]; then
	if [ "$1" = rabbitmq-server ]; then find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq {} +; fi
	exec setpriv --reuid rabbitmq --regid rabbitmq --init-groups -- "$0" "$@"
fi

# Variables that the official image had before RabbitMQ 3.9, and refuses since.
refused=()
for name in RABBITMQ_DEFAULT_PASS_FILE RABBITMQ_DEFAULT_USER_FILE RABBITMQ_VM_MEMORY_HIGH_WATERMARK \
	RABBITMQ_SSL_{CACERTFILE,CERTFILE,KEYFILE,VERIFY,FAIL_IF_NO_PEER_CERT} RABBITMQ_MANAGEMENT_SSL_{CACERTFILE,CERTFILE,KEYFILE}; do
	if [ -n "${!name:-}" ]; then refused+=("$name"); fi
done
if [ ${#refused[@]} -gt 0 ]; then
	printf 'Error: %s is no longer read.\n' "${refused[@]}" >&2
	echo "       Write a configuration file to /etc/rabbitmq/conf.d instead." >&2
	exit 1
fi

if [ -z "${RABBITMQ_USE_LONGNAME:-}" ] && [ "$(hostname)" != "$(hostname -s)" ]; then export RABBITMQ_USE_LONGNAME=true; fi
exec "$@"
