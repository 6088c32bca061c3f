/* SPDX-License-Identifier: Apache-2.0 */
/* One unpacking in progress: shared by the files that make it up. */
#ifndef CAISSON_UNPACK_H
#define CAISSON_UNPACK_H

#include <stdbool.h>

#include "archive.h"
#include "dir_times.h"
#include "implicit_dirs.h"
#include "tar_format.h"
#include "tar_read.h"

struct unpack {
	int root;		/* borrowed */
	const char *base;
	uint64_t flags;		/* enum unpack_flag */
	struct tar_reader reader;
	struct dir_times times;
	struct implicit_dirs implicit;	/* of a layer */
	struct archive_result *result;

	/* Archives list directory by directory: the last parent stays open. */
	int parent;
	char parent_path[TAR_NAME_SIZE];	/* clean name below @base */
	bool parent_setgid;	/* what is created in it takes its group */
	bool parent_stale;	/* a link or directory was replaced, perhaps on the way to it */
};

/* unpack_path() - Path in root of a clean name below the base. @path: TAR_NAME_SIZE bytes. */
int unpack_path(const struct unpack *u, const char *clean, char *path, struct err *e);

/* unpack_open_dir() - O_PATH descriptor of a directory by its clean name, made with its parents where missing. */
int unpack_open_dir(struct unpack *u, const char *clean, struct err *e);

/* unpack_enter_parent() - Make u->parent the directory that holds a clean name. Return: 0, or -1 with @e. */
int unpack_enter_parent(struct unpack *u, const char *clean, struct err *e);

/* unpack_set_parent() - Take over @fd as the open directory of that clean name; -1 forgets it. */
void unpack_set_parent(struct unpack *u, const char *clean, int fd);

/* whiteout_apply() - An entry that hides something of the lower layers. @kind: enum whiteout */
int whiteout_apply(struct unpack *u, const char *clean, int kind, struct err *e);

/* whiteout_mark_opaque() - A directory that hides lower ones of its name; @fd is open for reading. */
int whiteout_mark_opaque(struct unpack *u, int fd, const char *clean, struct err *e);

/* whiteout_clear_parents() - Replace whiteouts on the way to a directory by opaque directories. */
int whiteout_clear_parents(struct unpack *u, const char *clean, struct err *e);

/* unpack_create() - Create one entry of u->reader. @clean isn't empty. */
int unpack_create(struct unpack *u, const char *clean, const struct tar_entry *entry, struct err *e);

#endif
