/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user namespace of a session whose user is not root: everything that the supervisor makes belongs to it, and it has all
 * capabilities there (user_namespaces(7)). Which ids are in it Node decides, and has them written from outside, as only who is
 * outside may.
 */
#ifndef CAISSON_USER_NAMESPACE_H
#define CAISSON_USER_NAMESPACE_H

#include "err.h"

/*
 * user_namespace_enter() - Make it, say by a byte on standard output how that went (0, or an errno), wait for the end of standard input,
 * by when ids must have been mapped, and become its root. Both streams lead nowhere afterwards.
 * Return: 0, or -1 with @e.
 */
int user_namespace_enter(struct err *e);

#endif
