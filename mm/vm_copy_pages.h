/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies made of pages, and pages taken out of copies: what managers return and supply.
 */
#pragma once

#include <stdbool.h>

#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>

struct page;
struct vm_copy;

/*
 * Gives the index-th whole page of the data as a page in no object, unmapped, unqueued, clean, owned by
 * the caller: the frame itself when the copy owns it alone, else a new frame with the bytes. Realigns
 * data that does not start on a page (H-04). A page can be taken once. Sleeps interruptibly; errors as
 * vm_fault_page().
 */
kern_return_t vm_copy_take_page(struct vm_copy *copy, vm_size_t index, struct page **page);
/* A copy made of pages that are in no object; consumes them. `transport` marks memory in flight to a
   manager. Draws from the reserve; NULL (pages stay the caller's) when memory is short. */
struct vm_copy *vm_copy_from_pages(struct page **pages, unsigned count, bool transport);
