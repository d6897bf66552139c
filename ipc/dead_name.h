/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead-name requests: one for a name at most. While it is pending, the name's entry points to it
 * and the port lists it. It ends in one of three ways: the port dies (MACH_NOTIFY_DEAD_NAME), the
 * name goes (MACH_NOTIFY_PORT_DELETED), or it is replaced.
 */
#pragma once

#include <mach/kern_return.h>

#include "kernel/list.h"

struct name_entry;
struct port;
struct space;

struct dead_name_request {
    struct list_node link;      /* in port->dead_name_requests */
    struct space *space;        /* borrowed: the request goes before the space does */
    struct name_entry *entry;   /* the name, which points back here */
    struct port *notify;        /* send-once right, owned */
};

void dead_name_init(void);
/* Registers notify for the entry, which names a right of a live port; *previous is the send-once
   right of the request that this replaces, or NULL. notify NULL only cancels. Consumes notify on
   success. */
kern_return_t dead_name_request(struct space *space, struct name_entry *entry, struct port *notify,
                                struct port **previous);
/* Ends the entry's request, if any, and returns its send-once right, or NULL. */
struct port *dead_name_cancel(struct name_entry *entry);
/* The port has died: turns the names with requests into dead names and tells of each. */
void dead_name_fire(struct port *port);
