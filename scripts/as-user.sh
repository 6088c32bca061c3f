#!/bin/sh
# Runs a command as a user who is not root and has subordinate ids, in a copy of this tree that he can read; files that it writes to
# $RESULTS are kept in that directory. The user and the copy are gone afterwards. Needs root, and the packages uidmap and passwd.
# With SUBORDINATE_IDS=no, he has none; IMAGES is an archive for him, which he finds in CAISSON_TEST_IMAGES.
# Usage: RESULTS=DIRECTORY NODE=PROGRAM as-user.sh COMMAND...
set -eu
cd "$(dirname "$0")/.."

user=caisson-test-$$
results=$PWD/$RESULTS
mkdir -p "$results"
useradd --create-home --base-dir /tmp --shell /bin/sh "$user"
if [ "${SUBORDINATE_IDS:-yes}" = no ]; then usermod --del-subuids 0-4294967294 --del-subgids 0-4294967294 "$user"; fi
home=$(getent passwd "$user" | cut -d: -f6)

leave() {
	cp "$home/results/"* "$results/" 2>/dev/null || true
	# Nobody else has this user: whatever of his still runs was left by a test.
	setpriv --reuid "$user" --clear-groups sh -c 'kill -KILL -1' 2>/dev/null || true
	rm -rf "$home"
	userdel "$user"
}
trap leave EXIT
trap 'exit 143' HUP INT TERM

tar -c --exclude=./.cache --exclude=./.git --exclude=./native/build . | tar -x -C "$home" --one-top-level=caisson
mkdir -p "$home/caisson/native/build" "$home/results" "$home/tmp" "$home/bin"
cp "$NODE" "$home/bin/node"
cp native/build/caisson-supervisor "$home/caisson/native/build/"
if [ -n "${IMAGES:-}" ]; then cp "$IMAGES" "$home/images.tar"; fi
chown -R "$user:" "$home"

cd "$home/caisson"
setpriv --reuid "$user" --regid "$user" --init-groups env -i PATH="$home/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME="$home" TMPDIR="$home/tmp" RESULTS="$home/results" \
	CI="${CI:-}" CONTRACT_ENGINES=builtin CAISSON_TEST_OUTSIDE="$CAISSON_TEST_OUTSIDE" CAISSON_TEST_IMAGES="${IMAGES:+$home/images.tar}" "$@"
