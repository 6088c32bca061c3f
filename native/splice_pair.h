/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two connected TCP sockets, and what arrives at one leaves by the other.
 */
#ifndef CAISSON_SPLICE_PAIR_H
#define CAISSON_SPLICE_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

struct splice_pair;

struct splice_side {
	struct watch watch;	/* owns the socket */
	struct splice_pair *pair;
	bool readable;		/* a read may give something */
	bool writable;
	bool hung_up;		/* the end of the stream is in the receive queue, or an error */
	bool urgent;		/* urgent data has been seen */
};

struct splice_direction {
	int pipe[2];		/* PIPE_NONE unless in bulk */
	size_t piped;		/* bytes in the pipe */
	uint8_t *kept;		/* bytes that were read and could not be written, or NULL */
	size_t kept_at, kept_len;
	bool bulk;
	bool eof;		/* read, not yet passed on */
	bool ended;		/* nothing more will be moved */
};

struct splice_pair {
	struct splice_side side[2];
	struct splice_direction direction[2];	/* [i] moves from side[i] to the other one */
	struct timer again;
	bool connecting;	/* side[1] is */
	bool broken;		/* one socket failed: both will be reset */
	/* called once, when the pair is over and its sockets are closed; frees the pair */
	void (*done)(struct splice_pair *pair);
};

/*
 * splice_pair_start() - Both sockets are the pair's from now on, also on failure.
 * @connected: whether @back is; else its outcome is awaited
 * Calls done before returning when it is over at once. Return: 0, or -1 with errno (and done was called).
 */
int splice_pair_start(struct splice_pair *pair, int front, int back, bool connected, void (*done)(struct splice_pair *pair));

/* splice_pair_stop() - Reset both connections; calls done. */
void splice_pair_stop(struct splice_pair *pair);

/* reset_socket() - Close a TCP connection with RST instead of FIN. */
void reset_socket(int fd);

#endif
