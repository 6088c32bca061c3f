/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of a file that go into an archive: security.capability and user.*, never overlayfs' own. */
#ifndef CAISSON_PACK_XATTRS_H
#define CAISSON_PACK_XATTRS_H

#include "err.h"
#include "tar_format.h"

struct pack_xattrs {
	struct tar_xattr items[TAR_XATTR_MAX];	/* sorted by name */
	size_t count;
	char names[64 << 10];	/* XATTR_LIST_MAX */
	struct writer values;
};

/* pack_xattrs_read() - Replaces what @x held. Fails for the attributes of an overlay that moved contents elsewhere. */
int pack_xattrs_read(struct pack_xattrs *x, int fd, struct err *e);

#endif
