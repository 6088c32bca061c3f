#!/bin/sh
# Entry point of the mosquitto image: what the broker writes belongs to its user, to which it changes by itself.
set -eu
if [ "$(id -u)" = 0 ] && [ -d /mosquitto ]; then chown -R mosquitto:mosquitto /mosquitto || true; fi
exec "$@"
