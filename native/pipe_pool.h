/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes for splice(2). Making one and growing it costs tens of microseconds, so a few empty ones are kept.
 */
#ifndef CAISSON_PIPE_POOL_H
#define CAISSON_PIPE_POOL_H

#define PIPE_NONE { -1, -1 }

/* pipe_pool_take() - Return: 0, or -1 with errno (out of descriptors or memory). */
int pipe_pool_take(int pipe[2]);

/* pipe_pool_give() - Give back an empty pipe, which becomes PIPE_NONE; an absent one is fine too. */
void pipe_pool_give(int pipe[2]);

/* pipe_pool_discard() - Close a pipe that still holds something. */
void pipe_pool_discard(int pipe[2]);

/* pipe_pool_drain() - Close the pipes that are kept. */
void pipe_pool_drain(void);

#endif
