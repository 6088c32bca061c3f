/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on trees of files. The work is done by worker processes, which may block: the supervisor hands them the stream
 * and sends on what they report.
 */
#ifndef CAISSON_FILES_H
#define CAISSON_FILES_H

#include "err.h"
#include "wire.h"

int files_handle_unpack(uint32_t id, struct slice body, struct err *e);
int files_handle_inherit(uint32_t id, struct slice body, struct err *e);
int files_handle_pack(uint32_t id, struct slice body, struct err *e);
int files_handle_copy_in(uint32_t id, struct slice body, struct err *e);
int files_handle_copy_out(uint32_t id, struct slice body, struct err *e);
int files_handle_read(uint32_t id, struct slice body, struct err *e);
int files_handle_remove(uint32_t id, struct slice body, struct err *e);

#endif
