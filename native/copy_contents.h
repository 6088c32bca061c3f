/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a file, shared with another one where the file system can (reflinks), else copied by the kernel; holes stay holes. */
#ifndef CAISSON_COPY_CONTENTS_H
#define CAISSON_COPY_CONTENTS_H

#include "err.h"

/* copy_contents() - @to is empty, and opened for writing. Return: 0, or -1 with @e. */
int copy_contents(int to, int from, struct err *e);

#endif
