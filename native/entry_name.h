/* SPDX-License-Identifier: Apache-2.0 */
/* What the name of an archive entry means. Pure functions. */
#ifndef CAISSON_ENTRY_NAME_H
#define CAISSON_ENTRY_NAME_H

#include "err.h"

/*
 * entry_name_clean() - Name relative to the root, without empty and "." components; "" is the root itself. Absolute names
 * are taken as relative, as Docker does. Fails with EINVAL for a ".." component.
 * @clean: TAR_NAME_SIZE bytes
 */
int entry_name_clean(const char *name, char *clean, struct err *e);

/* entry_name_leaf() - Last component of a clean name; points into it. */
const char *entry_name_leaf(const char *clean);

enum whiteout {
	WHITEOUT_NONE,		/* an ordinary entry */
	WHITEOUT_NAME,		/* hides the lower layers' file of that name */
	WHITEOUT_OPAQUE,	/* hides all that lower layers have in the directory */
	WHITEOUT_METADATA,	/* aufs' own book-keeping, not part of the layer */
};

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE_NAME ".wh..wh..opq"

/* entry_name_whiteout() - Kind of a clean name in a layer. Fails for one that hides "", "." or ".." and for entries below a whiteout. */
int entry_name_whiteout(const char *clean, enum whiteout *kind, struct err *e);

#endif
