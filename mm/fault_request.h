/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking a manager for data or access, on behalf of a fault.
 *
 * Each function takes one step and returns: KERN_SUCCESS means that the caller looks at the chain
 * again, from the top; any other code ends the fault.
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

#include "kernel/wait.h"

struct page;
struct vm_object;

/* Sleeps on a busy page, or for memory; an error that woke it is the fault's. KERN_RESOURCE_SHORTAGE:
   new memory is refused now. */
kern_return_t fault_wait_page(struct page *page, enum wait_mode mode);
kern_return_t fault_wait_memory(enum wait_mode mode);
/* The same, for who needs this page besides: busy, it stays meanwhile. Page-out would take it as often as it
   comes, and count that as progress. Conditions: it is not busy. */
kern_return_t fault_wait_memory_with(struct page *page, enum wait_mode mode);
/* A frame for the current thread's request, waited for interruptibly. KERN_ABORTED; KERN_RESOURCE_SHORTAGE, as above. */
kern_return_t fault_alloc_page(struct page **page);
/* Sleeps a short while, for what nobody is woken for. */
kern_return_t fault_pause(const struct wait_reason *reason, enum wait_mode mode);
/* Nothing can be paged out, and the current thread is not one that may take what is left. */
bool fault_memory_is_refused(void);
/* The slot is empty and its manager READY: puts placeholders in, asks for a cluster, waits. */
kern_return_t fault_request_data(struct vm_object *object, vm_offset_t offset, vm_prot_t access,
                                 enum wait_mode mode);
/* The page's lock prohibits the access: asks once for each new access, waits (data_unlock). */
kern_return_t fault_request_access(struct page *page, vm_prot_t access, enum wait_mode mode);
