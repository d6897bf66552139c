/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages kept for managers (V-13, spec/vm.md R6).
 *
 * A manager that does not give returned memory back gets no more of it by page-out. What would be sent to
 * it then is kept in an internal object beside its object, at the same offsets, and paged out to the default
 * pager from there. To everybody a kept page is as good as resident and dirty: a fault, and whoever
 * goes over the object's pages, brings it back first.
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

#include "kernel/wait.h"

struct page;
struct vm_object;

void kept_pages_init(void);
/* Keeps a page that is resident, unmapped and not locked by its manager; it is in another object then. False,
   nothing changed: no memory, or not now. */
bool kept_take(struct page *page);
/* A page at the offset is kept; who is in a hurry looks at object->kept first. */
bool kept_has(const struct vm_object *object, vm_offset_t offset);
/* The first offset at or above start and below end that is kept, or end. */
vm_offset_t kept_next(const struct vm_object *object, vm_offset_t start, vm_offset_t end);
/* A step towards having a kept page resident. KERN_SUCCESS: the caller looks again; the caller holds a
   reference. Errors as vm_fault_page(); then the page is kept still. */
kern_return_t kept_bring_back(struct vm_object *object, vm_offset_t offset, enum wait_mode mode);
/* The page's data is given up. */
void kept_forget(struct vm_object *object, vm_offset_t offset);
/* Gives up all that is kept; may be called for an object that keeps nothing. */
void kept_discard(struct vm_object *object);
