/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk can go deeper than there may be descriptors. From a certain depth on, those of the directories above are closed while one is walked
 * that is in them, and opened again through its "..". That is looked at: a container may move directories meanwhile, though never out of
 * its root.
 */
#ifndef CAISSON_DIR_LEASE_H
#define CAISSON_DIR_LEASE_H

#include <stdbool.h>
#include <sys/types.h>

struct dir_lease {
	dev_t dev;
	ino_t ino;
	bool closed;
};

/* dir_lease_begin() - Close @fd, a directory @depth levels below the top, if it is that deep. Return: 0, or -1 with errno (ENAMETOOLONG). */
int dir_lease_begin(struct dir_lease *l, int *fd, int depth);

/* dir_lease_end() - @child: a directory that was in it. Return: 0, or -1 with errno (ESTALE: it has been moved), @fd being -1. */
int dir_lease_end(const struct dir_lease *l, int *fd, int child);

#endif
