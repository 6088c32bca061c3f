/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_READ_FILES_H
#define CAISSON_READ_FILES_H

#include "err.h"
#include "wire.h"

/*
 * read_files() - What MSG_READ_FILE asks for: a TAG_FILE for each TAG_PATH, links followed inside @root. Contents up to
 * TAG_LIMIT bytes each, which must be regular files; with a limit of 0 nothing is opened for reading.
 */
int read_files(struct slice body, int root, struct writer *reply, struct err *e);

#endif
