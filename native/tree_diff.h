/* SPDX-License-Identifier: Apache-2.0 */
/* What a container has changed of its files, where no overlay has kept it apart: in the form of an overlay's upper directory. */
#ifndef CAISSON_TREE_DIFF_H
#define CAISSON_TREE_DIFF_H

#include "err.h"

/*
 * tree_diff() - Make the directory @path of what @root has changed of @lower, as layers are: whiteouts, and links to the changed files.
 * @root: made by flatten(), of the same layers as @lower
 */
int tree_diff(const char *path, const char *root, const char *lower, struct err *e);

#endif
