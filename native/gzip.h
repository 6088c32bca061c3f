/* SPDX-License-Identifier: Apache-2.0 */
/* Gzip files (RFC 1952): one member after the other, as parallel compressors write them. */
#ifndef CAISSON_GZIP_H
#define CAISSON_GZIP_H

#include "inflate.h"

/*
 * gzip_decode() - The plain bytes of all members. Lengths are checked, the CRC-32 isn't: for whoever has a cryptographic
 * digest of the plain bytes, and nobody else.
 */
int gzip_decode(struct inflate *z, struct input *in, struct output *out, struct err *e);

#endif
