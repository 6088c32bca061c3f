/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that belong to open file descriptions (fcntl(2), F_OFD_SETLK): they end with the processes that have the
 * description open, however those end.
 */
#ifndef CAISSON_OFD_LOCK_H
#define CAISSON_OFD_LOCK_H

#include <stdbool.h>

/* ofd_lock() - @type F_RDLCK, F_WRLCK or F_UNLCK. Return: 0, or -1 with errno (EAGAIN or EACCES: it is somebody else's). */
int ofd_lock(int fd, short type);

/* ofd_lock_wait() - The same, once nobody is in the way. */
int ofd_lock_wait(int fd, short type);

/* ofd_is_taken() - The errno of a lock that is somebody else's. */
bool ofd_is_taken(int no);

/* ofd_is_current() - Whether the path still is the name of the open file: it may have been removed before we had the lock. */
bool ofd_is_current(int fd, const char *path);

#endif
