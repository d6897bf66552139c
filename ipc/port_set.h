/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port sets: several ports received from at once.
 *
 * A set belongs to one name of one space. Members that have messages queue up in `ready`; a
 * receiver takes one message of the first and sends it to the tail, so that no member starves
 * another (H-55). A port is a member of at most one set (P-06).
 */
#pragma once

#include <stdint.h>

#include <mach/port.h>

#include "kernel/list.h"
#include "kernel/wait.h"

struct port;

struct port_set {
    mach_port_name_t name;
    uint32_t member_count;
    struct list members;          /* struct port by set_link */
    struct list ready;            /* those with messages, by ready_link */
    struct wait_queue receivers;
};

void port_set_init(void);
/* An empty set under that name; NULL when out of memory. */
struct port_set *port_set_create(mach_port_name_t name);
/* Ends a set: members leave, receivers are woken with RECEIVE_PORT_DIED; frees it. */
void port_set_destroy(struct port_set *set);
/* Makes a port a member; it leaves its old set. Its direct receivers get RECEIVE_PORT_CHANGED. */
void port_set_add(struct port_set *set, struct port *port);
/* Takes a member out of its set. */
void port_set_remove(struct port *port);
