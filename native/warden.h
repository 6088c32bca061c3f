/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a session: every process of it is killed, its cgroups and its directory are removed.
 *
 * Three may do it. The supervisor, when Node closes the control channel or dies. The warden, a process that waits for the
 * supervisor's death. And the warden of a later session, for one whose supervisor and warden were both killed: it finds the
 * directory with a lock that nobody holds, or, where the directory is gone, cgroups that nobody has (cgroup_claim.h). All run the same
 * code, and running it twice does no harm.
 *
 * A session directory holds: lock (held by supervisor and warden), cgroups (the cgroups of the session, a line each),
 * stream.sock, containers/, trash/, mnt/ (an empty mount point, used in private mount namespaces only).
 */
#ifndef CAISSON_WARDEN_H
#define CAISSON_WARDEN_H

#include "err.h"

/*
 * warden_session_end() - A cgroup that can't be removed, since something in it does not die, keeps lock and list there for a later sweep.
 * @sessions:	descriptor of the directory that holds the session's directory @name
 * @list:	descriptor of its cgroups, -1 where there is none: held open, since somebody may delete the directory beforehand
 */
void warden_session_end(int sessions, const char *name, int list);

/* warden_start() - Fork the warden; it first sweeps what sessions left that ended without theirs. Return: 0, or -1 with @e. */
int warden_start(int sessions, const char *name, int lock, int list, struct err *e);

#endif
