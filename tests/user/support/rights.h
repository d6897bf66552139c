/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

/* A receive right; with a send right under the same name if asked for. */
mach_port_t port_make(boolean_t with_send);
/* User references that the task has under a name, for one kind of right; 0 if none. */
unsigned port_refs(mach_port_name_t name, mach_port_right_t right);
/* All kinds of rights of a name; MACH_PORT_TYPE_NONE if there is no such name. */
mach_port_type_t port_type(mach_port_name_t name);
/* Status of a receive right. */
mach_port_status_t port_status(mach_port_name_t name);
/* Names in this task's space, for leak checks. */
unsigned port_name_count(void);
/* Sends an empty message with an id, at most waiting ms; the code of mach_msg. */
mach_msg_return_t port_send_empty(mach_port_t destination, mach_msg_type_name_t disposition,
                                  mach_msg_id_t id, unsigned milliseconds);
/* Asks for a notification about a name, to a port that this makes: its receive right. */
mach_port_t port_watch(mach_port_name_t name, mach_msg_id_t id, mach_port_mscount_t sync);
