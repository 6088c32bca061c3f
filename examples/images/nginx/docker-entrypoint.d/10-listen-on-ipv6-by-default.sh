#!/bin/sh
# The image's own site listens on IPv6 too, where there is one.
set -eu
site=/etc/nginx/conf.d/default.conf
if [ -e /proc/net/if_inet6 ] && [ -w "$site" ] && grep -q "^# The image's own site" "$site" && ! grep -q 'listen \[::\]' "$site"; then
	sed -i 's/^\(\s*\)listen 80;/&\n\1listen [::]:80;/' "$site"
fi
