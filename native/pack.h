/* SPDX-License-Identifier: Apache-2.0 */
/* One packing in progress. */
#ifndef CAISSON_PACK_H
#define CAISSON_PACK_H

#include "archive.h"
#include "link_map.h"
#include "pack_xattrs.h"
#include "tar_write.h"

struct pack {
	struct tar_writer out;
	bool layer;		/* overlay's marks become whiteouts */
	bool names;		/* no contents and attributes */
	int64_t mtime_cap;	/* -1: none */
	struct slice options;	/* TAG_EXCLUDE fields */
	struct link_map links;
	struct pack_xattrs xattrs;
	struct archive_result *result;
	char name[TAR_NAME_SIZE];	/* of the entry at hand */
	size_t name_len;
	int depth;
};

/* pack_leaf() - Write one name of a directory, and what is below it. Its archive name is p->name plus the leaf. ENOENT: it is gone. */
int pack_leaf(struct pack *p, int dir, const char *leaf, struct err *e);

/* pack_dir() - Write an open directory under p->name, which ends with a slash or is empty for no entry of its own. */
int pack_dir(struct pack *p, int fd, struct err *e);

#endif
