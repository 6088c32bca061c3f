/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an archive. First through the reader alone, in odd pieces, with its promises asserted; then really
 * unpacked, as a layer and as a copy over it, into a root full of links that point outside. Nothing outside may change.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "protocol.h"
#include "tar_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	const uint8_t *data;
	size_t left, piece;
};

static ssize_t read_memory(void *context, void *buffer, size_t size)
{
	struct memory *m = context;
	size_t n = m->left < m->piece ? m->left : m->piece;

	n = n < size ? n : size;
	memcpy(buffer, m->data, n);
	m->data += n;
	m->left -= n;
	return (ssize_t)n;
}

static void walk(const uint8_t *data, size_t size)
{
	struct memory m = { data, size, 1 + size % 1021 };
	struct err e = ERR_INIT;
	struct tar_buffer buffer;
	struct tar_reader r;
	struct tar_entry entry;
	struct tar_chunk chunk;
	int result;

	assert(tar_buffer_init(&buffer, read_memory, &m, &e) == 0);
	tar_reader_init(&r, &buffer.source);
	while ((result = tar_next(&r, &entry, &e)) > 0) {
		uint64_t at = 0;

		assert(strlen(entry.name) < TAR_NAME_SIZE && strlen(entry.link) < TAR_NAME_SIZE);
		assert(entry.mode <= 07777 && entry.mtime_nsec < 1000000000 && entry.uid != UINT32_MAX);
		/* Every third entry's contents are left to tar_next() to skip. */
		while (entry.mode % 3 && (result = tar_data(&r, &chunk, &e)) > 0) {
			assert(chunk.len > 0 && chunk.offset >= at && chunk.offset + chunk.len <= entry.size);
			at = chunk.offset + chunk.len;
		}
		if (result < 0)
			break;
	}
	assert(result == 0 || (e.no != 0 && e.text[0]));
	tar_reader_free(&r);
	tar_buffer_free(&buffer);
}

/* fix_checksums() - Make headers of what would only be refused for its checksum: all interesting code is behind that. */
static void fix_checksums(uint8_t *data, size_t size)
{
	size_t at = 0;

	while (size - at >= TAR_BLOCK) {
		struct ustar *h = (struct ustar *)(data + at);
		int64_t contents;

		at += TAR_BLOCK;
		if (!data[at - TAR_BLOCK])
			continue;
		for (int32_t sum = tar_checksum(h, false), i = 5; i >= 0; i--, sum >>= 3)
			h->checksum[i] = (char)('0' + (sum & 7));
		h->checksum[6] = h->checksum[7] = 0;
		if (!tar_number(h->size, sizeof(h->size), &contents) || contents < 0 || (uint64_t)contents > size - at)
			return;
		at += (size_t)(contents + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (at > size)
			return;
	}
}

static int work = -1, outside = -1, canary = -1;

static char path[] = "/dev/shm/fuzz-tar-XXXXXX";

static void tear_down(void)
{
	struct err e = ERR_INIT;

	archive_remove_tree(work, "outside", &e);
	archive_remove_tree(work, "root", &e);
	rmdir(path);
}

static void set_up(void)
{
	assert(mkdtemp(path) && atexit(tear_down) == 0);
	work = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert(work >= 0 && mkdirat(work, "outside", 0755) == 0);
	outside = openat(work, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	canary = openat(outside, "canary", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert(outside >= 0 && canary >= 0);
}

static void unpack(int in, uint64_t flags, int root)
{
	struct archive_result result = { 0 };
	struct tar_buffer buffer;
	struct err e = ERR_INIT;

	assert(lseek(in, 0, SEEK_SET) == 0);
	assert(tar_buffer_init(&buffer, read_descriptor, &in, &e) == 0);
	assert(archive_unpack(&buffer.source, root, "base", flags, &result, &e) == 0 || e.no != 0);
	tar_buffer_free(&buffer);
	writer_free(&result.notes);
}

static struct timespec changed(int fd)
{
	struct stat st;

	assert(fstat(fd, &st) == 0);
	return st.st_ctim;
}

static void unpack_for_real(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct timespec before[2], after[2];
	int in = memfd_create("archive", MFD_CLOEXEC), root;

	if (work < 0)
		set_up();
	assert(in >= 0 && write(in, data, size) == (ssize_t)size);
	assert(mkdirat(work, "root", 0755) == 0);
	root = openat(work, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert(root >= 0 && mkdirat(root, "base", 0755) == 0 && symlinkat("../../outside", root, "base/out") == 0 &&
	       symlinkat("/", root, "base/abs") == 0 && symlinkat("../../outside/canary", root, "base/canary") == 0);
	before[0] = changed(outside);
	before[1] = changed(canary);
	unpack(in, UNPACK_LAYER, root);
	unpack(in, size % 2 ? UNPACK_NO_OWNER : UNPACK_NO_OVERWRITE_TYPE, root);
	after[0] = changed(outside);
	after[1] = changed(canary);
	assert(!memcmp(before, after, sizeof(before)));
	close(root);
	close(in);
	if (archive_remove_tree(work, "root", &e) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	assert(copy);
	walk(data, size);
	memcpy(copy, data, size);
	fix_checksums(copy, size);
	walk(copy, size);
	unpack_for_real(copy, size);
	free(copy);
	return 0;
}
