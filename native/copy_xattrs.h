/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes that a layer may have, from one file to another. */
#ifndef CAISSON_COPY_XATTRS_H
#define CAISSON_COPY_XATTRS_H

#include "err.h"

/*
 * copy_xattrs() - @to has those of @from afterwards, and no others. Capabilities and user.* must come along; labels and ACLs are worth a try:
 * the file system or the user namespace may refuse them. Return: 0, or -1 with @e.
 */
int copy_xattrs(int to, int from, struct err *e);

#endif
