/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deleting is a rename into the session's trash, and removal by a worker in the background: no request waits for it.
 */
#ifndef CAISSON_TRASH_H
#define CAISSON_TRASH_H

#include "err.h"

/* trash_init() - @session: descriptor of the session directory, in which "trash" exists. */
void trash_init(int session);

/*
 * trash_path() - The path is free once this returns. What is on another file system than the trash is renamed beside
 * itself instead, and removed from there.
 */
int trash_path(const char *path, struct err *e);

#endif
