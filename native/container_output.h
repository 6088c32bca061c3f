/* SPDX-License-Identifier: Apache-2.0 */
/* What a container writes, from its pipes or terminal to its log. */
#ifndef CAISSON_CONTAINER_OUTPUT_H
#define CAISSON_CONTAINER_OUTPUT_H

#include "container.h"

/* output_watch() - Log what arrives on @fd, which becomes the watch's; @w is the container's out or err. Return: 0, or -1 with errno. */
int output_watch(struct container *c, struct watch *w, int fd);

/* output_drain() - Log what is left and close. */
void output_drain(struct container *c, struct watch *w);

#endif
