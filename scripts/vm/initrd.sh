#!/bin/busybox sh
# The first process of the virtual machine: the drivers of its disks, then the disk with Debian, and whatever `init=` names there.
busybox=/bin/busybox
for module in /modules/*; do $busybox insmod "$module" || echo "insmod $module failed"; done
$busybox mount -t devtmpfs none /dev
$busybox mount -t proc none /proc
for word in $($busybox cat /proc/cmdline); do
	case $word in init=*) init=${word#init=} ;; esac
done
$busybox mount -t ext4 -o noatime /dev/vda /root || exec $busybox poweroff -f
$busybox umount /proc
$busybox mount -o move /dev /root/dev
exec $busybox switch_root /root "${init:-/sbin/init}"
