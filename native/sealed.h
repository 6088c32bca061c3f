/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_SEALED_H
#define CAISSON_SEALED_H

#include "err.h"

/*
 * sealed_reexec() - Make sure that this process runs from a sealed copy of its binary in memory: a container that gets at
 * /proc/PID/exe can then neither write to it (CVE-2019-5736) nor find the file on the host. Does not return when it had
 * to execute the copy; @first is called before that, unless it is NULL. Return: 0 in the copy, or -1 with @e.
 */
int sealed_reexec(char **argv, int (*first)(struct err *e), struct err *e);

#endif
