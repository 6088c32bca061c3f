/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a session: every process of it is killed, its cgroups and its directory are removed.
 *
 * Three may do it. The supervisor, when Node closes the control channel or dies. The warden, a process that waits for the
 * supervisor's death. And the warden of a later session, for one whose supervisor and warden were both killed: it finds the
 * directory with a lock that nobody holds. All run the same code, and running it twice does no harm.
 *
 * A session directory holds: lock (held by supervisor and warden), cgroups (the cgroups of the session, a line each),
 * stream.sock, containers/, trash/, mnt/ (an empty mount point, used in private mount namespaces only).
 */
#ifndef CAISSON_WARDEN_H
#define CAISSON_WARDEN_H

#include "err.h"

/* warden_session_end() - @sessions: descriptor of the directory that holds the session's directory @name. */
void warden_session_end(int sessions, const char *name);

/* warden_start() - Fork the warden; it first sweeps sessions that ended without theirs. Return: 0, or -1 with @e. */
int warden_start(int sessions, const char *name, int lock, struct err *e);

#endif
