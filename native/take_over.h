/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAISSON_TAKE_OVER_H
#define CAISSON_TAKE_OVER_H

#include "err.h"

/* take_over() - Owner and mode of another file or directory. */
int take_over(int to, int from, struct err *e);

/* take_over_all() - Extended attributes and the time of modification, too. @name: of the file, for the error. */
int take_over_all(int to, int from, const char *name, struct err *e);

#endif
