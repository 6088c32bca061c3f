/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_INIT_H
#define CAISSON_INIT_H

#include "err.h"

/*
 * init_split() - Fork: the caller's process stays behind as an init and never returns, the child returns 0 and goes on
 * with the plan. The init reaps what is orphaned, forwards signals to its child, and ends with its child's status.
 * The init closes every descriptor. Return: 0 in the child, or -1.
 */
int init_split(struct err *e);

#endif
