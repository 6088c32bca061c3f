/* SPDX-License-Identifier: Apache-2.0 */
/* Writer of tar archives: ustar, with a pax header only for what ustar can't say. The same entries give the same bytes. */
#ifndef CAISSON_TAR_WRITE_H
#define CAISSON_TAR_WRITE_H

#include "err.h"
#include "tar_format.h"

struct tar_writer {
	int fd;			/* borrowed; blocking */
	uint8_t *buffer;
	size_t used;
};

int tar_writer_init(struct tar_writer *w, int fd, struct err *e);
void tar_writer_free(struct tar_writer *w);

/* tar_write_header() - Names of directories should end with a slash. Followed by tar_write_contents() when size isn't 0. */
int tar_write_header(struct tar_writer *w, const struct tar_entry *entry, struct err *e);

/* tar_write_contents() - Copy exactly @size bytes from a file; fails with EIO when it has become shorter. */
int tar_write_contents(struct tar_writer *w, int from, uint64_t size, struct err *e);

/* tar_write_end() - End-of-archive mark; writes out what is buffered. */
int tar_write_end(struct tar_writer *w, struct err *e);

#endif
