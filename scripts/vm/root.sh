#!/bin/sh
# Makes what the virtual machine boots, in DIRECTORY: Debian's kernel for clouds (vmlinuz), an initrd that finds the disk, and the disk with
# Debian, systemd and the tools of the tests (root.ext4). Nothing of it is installed here. Needs root, mmdebstrap, e2fsprogs, busybox-static.
# Usage: root.sh DIRECTORY
set -eu
directory=${1:?usage: root.sh DIRECTORY}
here=$(cd "$(dirname "$0")" && pwd)
mirror=$("$here/../debian-mirror.sh")
security=$("$here/../debian-mirror.sh" security)
suite=bookworm
# What has no test by itself: a machine (systemd, dbus, kmod), Node (libstdc++6, libatomic1), a user with subordinate ids (uidmap).
packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,kmod,libstdc++6,libatomic1,uidmap
packages=$packages,busybox-static,iproute2,iptables,nftables,procps,openssl,openssh-client,git,perl,bzip2,xz-utils,zstd,docker-registry,gcc,libc6-dev

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p')")
mkdir "$work/kernel"
dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
version=$(basename "$work"/kernel/lib/modules/*)

mmdebstrap --quiet --variant=minbase --format=directory --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include="usr-is-merged,$packages" \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
	"$suite" "$root" "deb $mirror $suite main" "deb $mirror $suite-updates main" "deb $security $suite-security main"

cp -a "$work/kernel/lib/modules" "$root/usr/lib/"
chroot "$root" depmod "$version"
chroot "$root" useradd --uid 1000 --create-home --shell /bin/sh tester
cp "$here/caisson-test.service" "$root/etc/systemd/system/"
ln -s ../caisson-test.service "$root/etc/systemd/system/multi-user.target.wants/"
# No logins, nothing that runs by the clock, and no service: tests start theirs.
for unit in docker-registry.service getty@tty1.service serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
mkdir -p "$root/caisson"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*

mkdir -p "$work/initrd/bin" "$work/initrd/dev" "$work/initrd/proc" "$work/initrd/root" "$work/initrd/modules"
cp /bin/busybox "$work/initrd/bin/"
cp "$here/initrd.sh" "$work/initrd/init"
for name in virtio_pci virtio_blk virtio_console; do
	chroot "$root" modprobe --set-version "$version" --show-depends "$name" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' >"$work/order"
number=100
while read -r module; do
	cp "$root$module" "$work/initrd/modules/$number-$(basename "$module")"
	number=$((number + 1))
done <"$work/order"

mkdir -p "$directory"
(cd "$work/initrd" && find . | busybox cpio -o -H newc 2>/dev/null) >"$directory/initrd"
cp "$work/kernel/boot/vmlinuz-$version" "$directory/vmlinuz"
truncate -s 4G "$directory/root.ext4"
mke2fs -q -t ext4 -d "$root" -E lazy_itable_init=1 "$directory/root.ext4"
