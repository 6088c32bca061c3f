/* SPDX-License-Identifier: Apache-2.0 */
/* Operations for root file systems that are no overlays: copies of their layers. They take their time, so the supervisor itself runs none. */
#define _GNU_SOURCE
#include "flatten.h"
#include "plan.h"
#include "protocol.h"
#include "tree_diff.h"

static int op_flatten(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0)
		return -1;
	return flatten(path, args, arg_u64_or(args, ARG_FLAGS, 0) & FLATTEN_LINK, e);
}

static int op_tree_diff(struct plan *p, struct slice args, struct err *e)
{
	char path[PATH_SIZE], root[PATH_SIZE], lower[PATH_SIZE];

	(void)p;
	if (arg_path(args, ARG_PATH, path, e) < 0 || arg_path(args, ARG_CWD, root, e) < 0 || arg_path(args, ARG_NAME, lower, e) < 0)
		return -1;
	return tree_diff(path, root, lower, e);
}

const struct operation copy_operations[] = {
	{ OP_FLATTEN, false, "copy layers", op_flatten },
	{ OP_TREE_DIFF, false, "compare with layers", op_tree_diff },
	{ 0 },
};
