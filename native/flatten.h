/* SPDX-License-Identifier: Apache-2.0 */
/* A root file system without overlayfs: layers, merged into a directory as that would show them. */
#ifndef CAISSON_FLATTEN_H
#define CAISSON_FLATTEN_H

#include <stdbool.h>

#include "err.h"
#include "wire.h"

/* What says when the directory NAME was complete: the file NAME.made beside it. */
#define MADE_SUFFIX ".made"

/*
 * flatten() - Make the directory @path from layers, unless it is there: it appears complete, or not at all.
 * @args: fields, of which ARG_ARG name the layers' directories, lowest first
 * @link: files are the layers' own, for those who only read; else copies, which share their data where the file system can
 */
int flatten(const char *path, struct slice args, bool link, struct err *e);

#endif
