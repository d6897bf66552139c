/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel says to managers: the one place that builds these messages (MIG stubs).
 *
 * None waits (O8). Each captures the rights it sends before the message is queued; a dead manager
 * swallows the message. Offsets are in the object, paging_offset is added here; but completions
 * carry the manager's own numbers back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

#include "mm/reply_right.h"

struct page;
struct port;
struct vm_object;

/* Pages sent to this manager are trusted to come free: it is the default pager's task (R5), or the
   object is internal. */
bool manager_is_trusted(const struct vm_object *object);
/* Its manager has been given more pages than it may keep, and not freed them (V-13). */
bool manager_owes_too_much(const struct vm_object *object);
/* For wait_reason.describe: names the task that serves the object. */
void manager_describe(const void *object, char *buffer, size_t bytes);

void manager_init_object(struct vm_object *object);
/* Makes the three ports and tells the default pager; false, nothing changed, when memory is short. */
bool manager_create_object(struct vm_object *object, struct port *default_manager);
/* Destroys the control and name ports of an object that no manager knows. */
void manager_forget_ports(struct vm_object *object);
/* Tells the manager that a range of its object is copied, and gives it the memory object for the copy:
   a send right to that. NULL, nothing happened: the manager is dead, or memory is short. */
struct port *manager_copy_object(struct vm_object *object, vm_offset_t offset, vm_size_t length);
/* How many messages its manager has not received yet. */
unsigned manager_backlog(const struct vm_object *object);
/* Moves the kernel's send right and the receive rights of control and name away. */
void manager_terminate(struct vm_object *object);
kern_return_t manager_data_request(struct vm_object *object, vm_offset_t offset, vm_size_t length,
                                   vm_prot_t access);
kern_return_t manager_data_unlock(struct vm_object *object, vm_offset_t offset, vm_size_t length,
                                  vm_prot_t access);
/* What came back before it is to be stored; synchronize_completed follows with these numbers. */
kern_return_t manager_synchronize(struct vm_object *object, vm_offset_t offset, vm_size_t length,
                                  int flags);
/*
 * Returns pages: contiguous, in no object any more, owned by the message from here on. On failure (dead
 * port, no memory for the message) they stay the caller's.
 */
kern_return_t manager_data_return(struct vm_object *object, vm_offset_t offset, struct page **pages,
                                  unsigned count, bool dirty, bool kernel_copy);
kern_return_t manager_data_initialize(struct vm_object *object, vm_offset_t offset,
                                      struct page *page);
/* Completions consume the reply right exactly once; an invalid one sends nothing. */
void manager_supply_completed(struct reply_right reply, struct vm_object *object,
                              vm_offset_t offset, vm_size_t accepted, kern_return_t result,
                              vm_offset_t error_offset);
void manager_lock_completed(struct reply_right reply, struct vm_object *object, vm_offset_t offset,
                            vm_size_t size);
void manager_change_completed(struct reply_right reply, bool may_cache, int copy_strategy);
/* The OSF form: control (null once the association is gone) and flavor. */
void manager_change_completed_flavor(struct reply_right reply, struct vm_object *object,
                                     int flavor);
