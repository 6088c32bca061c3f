#!/bin/sh
# Makes the second disk of the virtual machine: this tree as built, without what its tests do not run, this Node, the steps from standard
# input, and IMAGES, an archive. It belongs to the user of the tests. Needs root. Usage: tree.sh OUTPUT.ext4 [IMAGES] <STEPS
set -eu
output=${1:?usage: tree.sh OUTPUT.ext4 [IMAGES]}
images=${2:-}
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/native/build" "$work/tree/bin"
tar -c --exclude=./.cache --exclude=./.git --exclude=./native/build --exclude=./node_modules . | tar -x -C "$work/tree"
tar -c -h --exclude=node_modules/@biomejs --exclude=node_modules/typescript --exclude='node_modules/.cache' node_modules | tar -x -C "$work/tree"
cp native/build/caisson-supervisor "$work/tree/native/build/"
cp -L "$(command -v node)" "$work/tree/bin/node"
cat >"$work/tree/bin/steps"
if [ -n "$images" ]; then cp "$images" "$work/tree/bin/images.tar"; fi
chown -R 1000:1000 "$work/tree"
rm -f "$output"
truncate -s 2G "$output"
mke2fs -q -t ext4 -d "$work/tree" -E lazy_itable_init=1 "$output"
