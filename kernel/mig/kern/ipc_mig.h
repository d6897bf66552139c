/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* How MIG's kernel senders get rid of a message. Rights in it are kernel pointers. */
#include <mach/message.h>

/* Queues one message beyond any limit; consumes its contents, also on failure. Never blocks. */
mach_msg_return_t mach_msg_send_from_kernel(mach_msg_header_t *message, mach_msg_size_t size);

/* Sends and waits, interruptibly, for the answer in the same buffer. */
mach_msg_return_t mach_msg_rpc_from_kernel(mach_msg_header_t *message, mach_msg_size_t send_size,
                                           mach_msg_size_t receive_size);
