/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_PROCFS_H
#define CAISSON_PROCFS_H

/*
 * procfs_open() - Open /proc once, at start, and verify that it is a procfs: an image that brings a fake one must never
 * receive what is written here (CVE-2019-16884, CVE-2025-52881). Return: 0, or -1 with errno.
 */
int procfs_open(void);

/* procfs() - O_PATH descriptor of the verified procfs. */
int procfs(void);

/* procfs_adopt() - In a child that renumbered its descriptors: the new number. */
void procfs_adopt(int adopted);

#endif
