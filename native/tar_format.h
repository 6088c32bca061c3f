/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tar archive consists of, shared by reader and writer: the POSIX.1-2017 ustar header ("pax" utility, section
 * "ustar Interchange Format"), and one entry with all extensions applied.
 */
#ifndef CAISSON_TAR_FORMAT_H
#define CAISSON_TAR_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define TAR_BLOCK 512
#define TAR_NAME_SIZE 4096	/* longest name with its NUL: what the kernel takes (PATH_MAX) */
#define TAR_XATTR_MAX 64	/* extended attributes of one entry */
#define TAR_XATTR_PREFIX "SCHILY.xattr."

enum tar_type {
	TAR_FILE = '0',
	TAR_HARDLINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHAR = '3',
	TAR_BLOCK_DEVICE = '4',
	TAR_DIRECTORY = '5',
	TAR_FIFO = '6',
	TAR_CONTIGUOUS = '7',
	TAR_PAX = 'x',
	TAR_PAX_GLOBAL = 'g',
	TAR_GNU_LONG_NAME = 'L',
	TAR_GNU_LONG_LINK = 'K',
	TAR_GNU_SPARSE = 'S',
};

struct ustar {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[8];		/* "ustar\0" "00"; GNU: "ustar  \0" */
	char uname[32];
	char gname[32];
	char major[8];
	char minor[8];
	char prefix[155];	/* GNU keeps times and the sparse map of old here */
	char unused[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a tar header is one block");

struct tar_xattr {
	const char *name;
	struct slice value;
};

struct tar_entry {
	const char *name;
	const char *link;	/* target of a hard or symbolic link, else "" */
	char type;		/* enum tar_type, or what the archive says */
	uint32_t mode;		/* 07777 */
	uint32_t uid, gid;
	uint32_t major, minor;
	int64_t mtime;		/* seconds since 1970, may be negative */
	uint32_t mtime_nsec;
	uint64_t size;		/* of the contents, holes included */
	const struct tar_xattr *xattrs;
	size_t xattr_count;
};

/* tar_checksum() - Sum of the header's bytes with the checksum field taken as spaces; @is_signed: as some old tars did. */
int32_t tar_checksum(const struct ustar *h, bool is_signed);

/*
 * tar_number() - Numeric header field: octal digits between spaces or NULs (none at all: 0), or GNU's base-256 form.
 * Return: false when malformed or beyond 64 bits.
 */
bool tar_number(const char *field, size_t size, int64_t *value);

/* tar_decimal() - Digits up to @end, nothing else. Return: false when there are none or more than 63 bits say. */
bool tar_decimal(const char *text, const char *end, int64_t *value);

#endif
