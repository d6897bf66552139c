/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placeholders: slots that wait for a manager's answer (REQUESTED), or have had a negative one
 * (UNAVAILABLE). spec/emmi.md 4.
 */
#pragma once

#include <stdbool.h>

#include <mach/machine/vm_types.h>

#include "kernel/wait.h"
#include "mm/page.h"

struct vm_object;

static inline bool page_is_requested(const struct page *page)
{
    return page->absent && page->busy && !page->returning;
}

static inline bool page_is_unavailable(const struct page *page)
{
    return page->absent && !page->busy;
}

/* Puts a page (fictitious, or a reserved frame) into an empty slot as REQUESTED; false when memory is
   short, the page is still the caller's. */
bool placeholder_insert(struct vm_object *object, vm_offset_t offset, struct page *page);
/* REQUESTED or UNAVAILABLE -> resident: exchanges the placeholder in the slot for a page with data and wakes the
   waiters. */
void placeholder_fill(void **slot, struct page *page);
/* UNAVAILABLE with a frame of its own -> resident, in place. */
void placeholder_use_frame(struct page *placeholder);
/* REQUESTED -> UNAVAILABLE, waiters woken. */
void placeholder_unavailable(struct page *placeholder);
/* REQUESTED or UNAVAILABLE -> ABSENT; waiters get the result. */
void placeholder_remove(struct page *placeholder, wait_result_t result);
/* Removes all REQUESTED placeholders of an object, waiters get the result. */
void placeholder_abort_all(struct vm_object *object, wait_result_t result);
/* Frees UNAVAILABLE placeholders of all objects when the pool is used up; true if there were any. */
bool placeholder_reclaim(void);
