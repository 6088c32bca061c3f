#!/bin/sh
# In the virtual machine: runs the steps one by one, each a line `NAME WHO COMMAND...`. What they say goes to the first port, their results
# ($RESULTS) to the second one, lines of JSON that are out of here at once. WHO is
#   root       in a service of the system
#   user       with subordinate ids, in a service of his systemd: below what that was delegated
#   delegated  the same user in a cgroup that is simply his, among the processes of which there must be room for a leaf
# Usage: guest.sh [WHO COMMAND]: a single one, without root
set -u
cd /caisson
export PATH=/caisson/bin:/usr/sbin:/usr/bin:/sbin:/bin RESULTS=/dev/vport0p2 CONTRACT_ENGINES=builtin CAISSON_TEST_PATIENCE=5
variables="PATH=$PATH RESULTS=$RESULTS CONTRACT_ENGINES=$CONTRACT_ENGINES CAISSON_TEST_PATIENCE=$CAISSON_TEST_PATIENCE HOME=/home/tester"
variables="$variables CAISSON_TEST_OUTSIDE=${CAISSON_TEST_OUTSIDE:-}"
cgroups=/sys/fs/cgroup

as_tester() {
	# shellcheck disable=SC2086 # variables without spaces
	setpriv --reuid tester --regid tester --init-groups env -i $variables "$@"
}

in_user_manager() {
	systemctl start user@1000.service || return
	# shellcheck disable=SC2046
	as_tester XDG_RUNTIME_DIR=/run/user/1000 systemd-run --user --quiet --pipe --wait --collect --working-directory=/caisson \
		$(printf -- '--setenv=%s ' $variables) sh -c "$1"
}

in_delegated_cgroup() {
	for controller in cpuset cpu io memory pids; do echo +$controller >$cgroups/cgroup.subtree_control; done
	mkdir -p $cgroups/delegated
	for file in . cgroup.procs cgroup.threads cgroup.subtree_control; do chown tester: $cgroups/delegated/$file; done
	(
		sh -c "echo \$PPID >$cgroups/delegated/cgroup.procs"
		as_tester sh -c "$1"
	)
}

case ${1:-} in
user)
	in_user_manager "$2"
	exit
	;;
delegated)
	in_delegated_cgroup "$2"
	exit
	;;
esac

exec >/dev/vport0p1 2>&1 </dev/null
chmod 666 $RESULTS
echo "booted in $(cut -d' ' -f1 /proc/uptime) s: Linux $(uname -r), $(stat -f -c %T $cgroups) with $(cat $cgroups/cgroup.controllers)"
while read -r name who command <&3; do
	printf '\n-- %s, as %s\n' "$name" "$who"
	echo "{\"begin\":\"$name\"}" >$RESULTS
	case $who in
	root) HOME=/root sh -c "$command" ;;
	# Who is not root may not make the link to hosts that are outside.
	*) node test/fixtures/outside-link.mjs 500 scripts/vm/guest.sh "$who" "$command" ;;
	esac
	echo "{\"end\":$?}" >$RESULTS
done 3<bin/steps
