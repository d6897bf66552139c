/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a queue, or a sender's hands, to the receiving thread.
 */
#pragma once

#include <mach/message.h>
#include <mach/port.h>

#include "kernel/wait.h"

struct message;
struct port;
struct space;
struct thread;

/*
 * Receives from a port or set of the space, for the current thread. `next` (or NULL) is a thread on
 * no queue that is run meanwhile, at once if there is something to wait for. MACH_MSG_SUCCESS:
 * *message is the caller's, in kernel form, stamped; it may be larger than receive_size.
 * MACH_RCV_TOO_LARGE (with MACH_RCV_LARGE): it stays, *too_large is its size.
 * MACH_RCV_INVALID_NAME, _IN_SET, _TIMED_OUT, _INTERRUPTED, _PORT_DIED, _PORT_CHANGED.
 */
mach_msg_return_t message_receive(struct space *space, mach_port_name_t name,
                                  mach_msg_option_t option, mach_msg_size_t receive_size,
                                  mach_msg_timeout_t timeout_ms, struct thread *next,
                                  struct message **message, mach_msg_size_t *too_large);
/* Why a thread sleeps in a queue of receivers; the object is the port, or the set. */
extern const struct wait_reason message_wait_on_port, message_wait_on_set;
/* The code for a receive whose sleep ended with anything but WAIT_AWAKENED. */
mach_msg_return_t message_receive_error(wait_result_t result);
/* Waits for the message to a kernel thread's own port (KOBJECT_REPLY). MACH_RCV_INTERRUPTED,
   MACH_RCV_PORT_DIED. */
mach_msg_return_t message_receive_kernel(struct port *port, struct thread *next,
                                         struct message **message);
