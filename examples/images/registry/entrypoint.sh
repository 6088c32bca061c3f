#!/bin/sh
# Entry point of the registry image: a configuration file is served, subcommands and flags go to the registry.
set -eu
case ${1:-} in
*.yml | *.yaml) set -- registry serve "$@" ;;
serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
