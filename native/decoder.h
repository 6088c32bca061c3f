/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that turns a stream into the plain bytes of an archive, and hashes them: beside the one that makes files of
 * them, on another processor. All it can do is read its input, write its memory and exit.
 */
#ifndef CAISSON_DECODER_H
#define CAISSON_DECODER_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "sha256.h"
#include "tar_stream.h"

struct decoded {
	uint64_t size;
	uint8_t sha256[SHA256_SIZE];
};

struct decoder {
	struct tar_source source;
	struct ring ring;
	int pidfd;
};

/* decoder_start() - @in stays the caller's. @gzip: what comes is compressed. Either way decoder_stop() may be called. */
int decoder_start(struct decoder *d, int in, bool gzip, struct err *e);

/* decoder_result() - What there was in all; once the source has ended. */
int decoder_result(const struct decoder *d, struct decoded *result, struct err *e);

void decoder_stop(struct decoder *d);

#endif
