/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port name spaces: 32-bit names -> rights.
 *
 * A name is a 24-bit index and an 8-bit generation (low bits), so that a stale name does not hit
 * the next right in its slot (P-02). 0 and 0xffffffff are never names. Look-up by name takes
 * two steps through a table (ipc/space_table.h), by port (send rights merge under one name) a hash
 * (ipc/space_hash.h). A space is alive until space_destroy(); references keep the structure.
 */
#pragma once

#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/port.h>

struct port;
struct space;
struct task;

void space_init(void);
/* Makes an empty space for the task (borrowed back pointer). Returns one reference; NULL when
   out of memory. */
struct space *space_create(struct task *task);
/* Kills the space: all its rights are destroyed in bounded chunks. Keeps the caller's reference. */
void space_destroy(struct space *space);
/* Counting references is inline, in ipc/space_table.h. */
/* The task that owns the space; borrowed, NULL after its end. */
struct task *space_task(const struct space *space);
/* Names in use, for the monitor. */
uint32_t space_name_count(const struct space *space);

/* Puts a send right under a name (the existing one if it has one: +1 reference). Consumes the right
   when it succeeds. NULL and PORT_DEAD give MACH_PORT_NULL and MACH_PORT_DEAD. */
kern_return_t space_insert_send(struct space *space, struct port *right, mach_port_name_t *name);
/* A new send right from the send right under that name, for a kernel trap; or NULL. */
struct port *space_copy_send(struct space *space, mach_port_name_t name);
/* The port whose receive right has that name; borrowed; or NULL. */
struct port *space_lookup_receive(struct space *space, mach_port_name_t name);
