/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pump copies one way, from a pipe, terminal or socket to another: the standard streams of exec and a container's stdin.
 * It reads only when what it read last is written, so a slow reader slows the writer.
 */
#ifndef CAISSON_PUMP_H
#define CAISSON_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

struct pump {
	struct watch in, out;	/* owned; closed at the end */
	uint8_t *buffer;
	size_t len, sent;
	bool ended;		/* nothing more comes in */
	bool draining;		/* ends as soon as nothing is left to read */
	bool running;
	/* called once, when the pump has closed both sides; may free the pump */
	void (*done)(struct pump *p);
};

/* pump_start() - Both descriptors are the pump's from now on. Return: 0, or -1 with errno (both closed). */
int pump_start(struct pump *p, int in, int out, void (*done)(struct pump *p));

/* pump_drain() - The writer is gone: copy what is there, then end, even if somebody else still holds the other side. */
void pump_drain(struct pump *p);

/* pump_stop() - Close both sides now; calls done. */
void pump_stop(struct pump *p);

#endif
