/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories that a layer has only because something lies in them: its archive doesn't say what they are like. They are
 * what they are in the layers below (containerd does the same), which nobody need have unpacked before.
 */
#ifndef CAISSON_IMPLICIT_DIRS_H
#define CAISSON_IMPLICIT_DIRS_H

#include <stddef.h>

#include "dir_times.h"
#include "wire.h"

struct implicit_dirs {
	char **paths;
	size_t count, cap;
};

int implicit_dirs_add(struct implicit_dirs *d, const char *path, struct err *e);

/* implicit_dirs_report() - TAG_IMPLICIT of each, parents first, but for those that an entry described later. */
int implicit_dirs_report(struct implicit_dirs *d, const struct dir_times *described, struct writer *notes, struct err *e);

void implicit_dirs_free(struct implicit_dirs *d);

/*
 * implicit_dirs_inherit() - Give directories of a layer owner, mode, attributes and time of the topmost layer below that
 * has them. One that a file, a whiteout or an opaque directory hides there, or that nobody has, stays as it is.
 * @request: fields TAG_IMPLICIT of the layer, and TAG_LOWER: directories, topmost first
 */
int implicit_dirs_inherit(int layer, struct slice request, struct err *e);

#endif
