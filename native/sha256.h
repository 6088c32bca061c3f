/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), with the processor's own instructions where it has them. */
#ifndef CAISSON_SHA256_H
#define CAISSON_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK 64
#define SHA256_SIZE 32

typedef void (*sha256_compress)(uint32_t state[8], const uint8_t *blocks, size_t count);

struct sha256 {
	sha256_compress compress;
	uint32_t state[8];
	uint64_t total;		/* bytes so far */
	uint8_t block[SHA256_BLOCK];
};

/* The implementations. sha256_hardware() is NULL where the processor lacks the instructions. */
void sha256_portable(uint32_t state[8], const uint8_t *blocks, size_t count);
sha256_compress sha256_hardware(void);

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t len);
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_SIZE]);

extern const uint32_t sha256_constants[64];

#endif
