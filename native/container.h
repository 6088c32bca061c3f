/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers of this session, running or just known by name (a port may be published before the start).
 */
#ifndef CAISSON_CONTAINER_H
#define CAISSON_CONTAINER_H

#include <stdint.h>

#include "err.h"
#include "wire.h"

#define ID_MAX 64

/* container_netns() - Network namespace of a running container, borrowed. Return: -1 when none runs under that id. */
int container_netns(const char *id);

#endif
