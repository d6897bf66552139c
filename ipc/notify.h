/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: one-shot messages that the kernel sends through a send-once right
 * (spec/ipc.md 5). Each consumes the right; a dead port swallows it. None waits.
 */
#pragma once

#include <mach/port.h>

struct port;

void notify_port_deleted(struct port *notify, mach_port_name_t name);
void notify_msg_accepted(struct port *notify, mach_port_name_t name);
/* Also consumes the receive right that it carries. */
void notify_port_destroyed(struct port *notify, struct port *receive_right);
void notify_no_senders(struct port *notify, mach_port_mscount_t make_send_count);
void notify_send_once(struct port *notify);
void notify_dead_name(struct port *notify, mach_port_name_t name);
