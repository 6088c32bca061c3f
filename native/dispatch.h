/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_DISPATCH_H
#define CAISSON_DISPATCH_H

#include "session.h"

/* dispatch_find() - The handler of a request kind. Return: NULL when there is none. */
handler_fn dispatch_find(uint16_t kind);

#endif
