/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_POPULATE_H
#define CAISSON_POPULATE_H

#include "err.h"

/*
 * populate() - Make an empty directory a copy of another one: contents, owners, modes.
 * @root:	what @path is resolved in; no @path there, or no directory: nothing happens
 * @data:	the directory to fill; nothing happens unless it is empty
 * @beside:	a directory of the same file system for what is not complete yet, under names that begin with @name
 *
 * Processes that do it at once wait for each other (a lock on @beside). A copy that was interrupted, whenever, is begun again
 * or completed by the next call. Return: 0, or -1 with @e.
 */
int populate(int root, const char *path, int data, int beside, const char *name, struct err *e);

#endif
