/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects and their objects: one association per memory object port.
 */
#ifndef MM_ASSOCIATION_H
#define MM_ASSOCIATION_H

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

#include "kernel/wait.h"

struct port;
struct vm_object;

void association_init(void);
/*
 * The object of a memory object port, for vm_map: an existing association, or a new one (init is
 * queued). Borrows the send right, copies one for the kernel. Waits for readiness when wait is set
 * (D-16: interruptibly). Returns a new object reference.
 * KERN_INVALID_ARGUMENT: a kernel port; KERN_INVALID_OBJECT: dead, destroyed while waiting;
 * KERN_ABORTED: interrupted; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t association_enter(struct port *memory_object, vm_size_t size, bool wait,
                                struct vm_object **result);
/* Waits until READY or DETACHED; a virtual copy of a not-ready object calls it (D-34). */
kern_return_t association_wait_ready(struct vm_object *object, enum wait_mode mode);
/* Gives an internal object to the default pager (memory_object_create); false when there is none or
   memory is short. Does not sleep. */
bool association_create_internal(struct vm_object *object);
/* Sends terminate and gives up the ports: no pages are dirty any more, no paging in progress. */
void association_terminate(struct vm_object *object);
/* The manager has destroyed the object or died: requests fail, resident pages stay (D-22..D-24). */
void association_detach(struct vm_object *object);
/* The receive right of a memory object port is gone; called by the port's destruction. */
void vm_object_port_died(struct port *memory_object);

#endif
