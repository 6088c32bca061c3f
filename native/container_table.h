/* SPDX-License-Identifier: Apache-2.0 */
/* What container.c and container_requests.c share. */
#ifndef CAISSON_CONTAINER_TABLE_H
#define CAISSON_CONTAINER_TABLE_H

#include "container.h"

/* container_by_id() - Return: NULL when there is none. */
struct container *container_by_id(const char *id);

/* container_close_stdin() - The container reads EOF from now on; with a terminal, nothing. */
void container_close_stdin(struct container *c);

/* container_forget() - Out of the table, all of its descriptors and memory released. */
void container_forget(struct container *c);

/* container_kill() - All in its cgroups, where it has any. */
void container_kill(struct container *c);

/* container_remove_cgroups() - Those of its last run. Return: false while one is busy. */
bool container_remove_cgroups(struct container *c);

/* container_finish_destroy() - The second half of MSG_DESTROY, once no process is left. */
void container_finish_destroy(struct container *c);

/* container_prepare() - Run the TAG_PREPARE operations of a request, if any, in this process. */
int container_prepare(struct slice body, struct writer *warnings, struct err *e);

#endif
