/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network namespaces of their own, beside those of the containers: each holds the bridge of one network. Nobody runs in
 * them; they live by the descriptor that is kept here, and by the links that lead into containers.
 */
#ifndef CAISSON_NETWORKS_H
#define CAISSON_NETWORKS_H

#include "err.h"
#include "wire.h"

/* Handlers of MSG_NETWORK and MSG_NETWORK_REMOVE. */
int networks_handle_create(uint32_t id, struct slice body, struct err *e);
int networks_handle_remove(uint32_t id, struct slice body, struct err *e);

/* network_namespace() - Of a network, or of a running container, borrowed. Return: fd, or -1. */
int network_namespace(const char *id);

#endif
