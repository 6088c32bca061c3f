/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing something through a file of the kernel's, and waiting until another one says that it is so: freezing a cgroup.
 */
#ifndef CAISSON_AWAIT_FILE_H
#define CAISSON_AWAIT_FILE_H

#include <stdint.h>

#include "err.h"
#include "wire.h"

int await_file_handle(uint32_t id, struct slice body, struct err *e);

#endif
