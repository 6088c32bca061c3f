/* SPDX-License-Identifier: Apache-2.0 */
/* Which request is handled where. */
#define _GNU_SOURCE
#include "dispatch.h"
#include "await_file.h"
#include "container_requests.h"
#include "exec.h"
#include "files.h"
#include "forward.h"
#include "hello.h"
#include "hold.h"
#include "listening.h"
#include "lock.h"
#include "log.h"
#include "names.h"
#include "networks.h"
#include "protocol.h"
#include "session_channel.h"
#include "uplink.h"

static const struct {
	uint16_t kind;
	handler_fn handler;
} handlers[] = {
	{ MSG_HELLO, hello_handle },
	{ MSG_LAUNCH, container_handle_launch },
	{ MSG_EXEC, exec_handle },
	{ MSG_SIGNAL, container_handle_signal },
	{ MSG_RESIZE, container_handle_resize },
	{ MSG_STDIN, container_handle_stdin },
	{ MSG_LOG_WAIT, container_handle_log_wait },
	{ MSG_DESTROY, container_handle_destroy },
	{ MSG_PUBLISH, forward_handle_publish },
	{ MSG_UNPUBLISH, forward_handle_unpublish },
	{ MSG_LISTENING, listening_handle_list },
	{ MSG_WAIT_LISTENING, listening_handle_wait },
	{ MSG_CANCEL, session_handle_cancel },
	{ MSG_UNPACK, files_handle_unpack },
	{ MSG_INHERIT, files_handle_inherit },
	{ MSG_PACK, files_handle_pack },
	{ MSG_COPY_IN, files_handle_copy_in },
	{ MSG_COPY_OUT, files_handle_copy_out },
	{ MSG_READ_FILE, files_handle_read },
	{ MSG_REMOVE_TREE, files_handle_remove },
	{ MSG_TRY, container_handle_try },
	{ MSG_NETWORK, networks_handle_create },
	{ MSG_NETWORK_REMOVE, networks_handle_remove },
	{ MSG_NAME_REPLY, names_handle_reply },
	{ MSG_HOLD, hold_handle_hold },
	{ MSG_LET_GO, hold_handle_let_go },
	{ MSG_HELD, hold_handle_held },
	{ MSG_LOCK, lock_handle_lock },
	{ MSG_UNLOCK, lock_handle_unlock },
	{ MSG_AWAIT_UNLOCK, lock_handle_await_unlock },
	{ MSG_UPLINK, uplink_handle_set },
	{ MSG_AWAIT_FILE, await_file_handle },
};

handler_fn dispatch_find(uint16_t kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
		if (handlers[i].kind == kind)
			return handlers[i].handler;
	return NULL;
}
