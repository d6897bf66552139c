/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory objects and their objects: one association per memory object port (spec/emmi.md 3).
 *
 * port->memory_object leads from the memory object port to the object as long as the association lives.
 * A vm_map that meets TERMINATING waits until the terminate message is queued, then starts over: the
 * manager always sees terminate of the old control port before init of the new one (H-43).
 * How associations end is in mm/association_end.h.
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

#include "kernel/wait.h"

struct port;
struct vm_object;

/*
 * The object of a memory object port, for vm_map: an existing association, or a new one (init is
 * queued). Borrows the send right, copies one for the kernel. Waits for readiness when wait is set
 * (D-16: interruptibly), but not in a thread of the manager itself. Returns a new object reference.
 * KERN_INVALID_ARGUMENT: a kernel port; KERN_INVALID_OBJECT: dead, destroyed while waiting;
 * KERN_ABORTED: interrupted; KERN_RESOURCE_SHORTAGE.
 */
kern_return_t association_enter(struct port *memory_object, vm_size_t size, bool wait,
                                struct vm_object **result);
/* A new external object with control and name ports, without a manager; one reference. NULL when memory is
   short. */
struct vm_object *association_object(vm_size_t size);
/* Makes it the object of a live memory object port that has none, and consumes the send right. Who calls
   sends memory_object_init next. */
void association_begin(struct vm_object *object, struct port *memory_object);
/* Waits until READY or DETACHED; a virtual copy of a not-ready object calls it (D-34).
   KERN_INVALID_OBJECT when the association has ended, KERN_ABORTED when interrupted. */
kern_return_t association_wait_ready(struct vm_object *object, enum wait_mode mode);
/* The first answer of the manager: from now on it is asked. Harmless when it is READY already. */
void association_set_ready(struct vm_object *object);
/* Gives an internal object, or what a dead manager left (D-23), to the default pager
   (memory_object_create); false when there is none or memory is short. Does not sleep. */
bool association_create_internal(struct vm_object *object);
